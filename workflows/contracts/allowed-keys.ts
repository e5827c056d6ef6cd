import { z } from 'zod';

interface Node {
  properties?: Record<string, Node>;
  items?: Node;
  oneOf?: Node[];
  anyOf?: Node[];
  const?: unknown;
}

/** The keys that a schema allows in the object of `value` at `path`, in the order of the schema; none where it has no such object. */
export function allowedKeys(schema: z.ZodType, path: readonly PropertyKey[], value: unknown): string[] {
  let node: Node | undefined = chosen(z.toJSONSchema(schema, { io: 'input', reused: 'inline', unrepresentable: 'any' }) as Node, value);
  let found = value;
  for (const part of path) {
    found = (found as Record<PropertyKey, unknown> | undefined)?.[part];
    const next: Node | undefined = typeof part === 'number' ? node?.items : node?.properties?.[String(part)];
    node = next && chosen(next, found);
  }
  return Object.keys(node?.properties ?? {});
}

/** Of a union's options the one for an object with the literals (its discriminator) that `value` has; any other schema is itself. */
function chosen(node: Node, value: unknown): Node {
  const options = node.oneOf ?? node.anyOf;
  const fits = (option: Node) =>
    option.properties !== undefined &&
    Object.entries(option.properties).every(([key, { const: literal }]) => literal === undefined || literal === (value as Record<string, unknown> | undefined)?.[key]);
  return options?.find(fits) ?? node;
}
