import type { SearchAttributeType } from '#infra/servers/index.ts';
import { ATTRIBUTE_NAMES } from '#workflows/attribute-names.ts';

/** The search attributes that the workflows set; every server must know them. */
export const SEARCH_ATTRIBUTES: Readonly<Record<string, SearchAttributeType>> = Object.fromEntries(Object.values(ATTRIBUTE_NAMES).map((name) => [name, 'Keyword'] as const));
