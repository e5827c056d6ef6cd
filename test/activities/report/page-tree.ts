/** The report's page as a tree, and from each of its cells, sentences and figures the way to artifacts and commands. */

export interface Element {
  tag: string;
  attributes: Readonly<Record<string, string>>;
  parent: Element | null;
  children: (Element | string)[];
}

const VOID = new Set(['meta', 'input', 'br', 'link', 'img', 'hr']);

/** Of a page that `html` made: every element is closed, and `<` and `>` are escaped in texts and attributes. @throws Error where that does not hold */
export function treeOf(page: string): Element {
  const root: Element = { tag: '', attributes: {}, parent: null, children: [] };
  let at = root;
  const markup = page.replace(/<!doctype html>/, '').replace(/<(script|style)\b[^>]*>[^]*?<\/\1>/g, '');
  for (const [, text, close, tag, attributes, selfClosed] of markup.matchAll(/([^<]+)|<(?:\/([a-zA-Z0-9]+)|([a-zA-Z0-9]+)((?:\s+[^\s=>/]+(?:="[^"]*")?)*)\s*(\/?))>/g)) {
    if (text !== undefined) at.children.push(text);
    else if (close !== undefined) {
      if (at.tag !== close) throw new Error(`</${close}> where </${at.tag}> should be`);
      at = at.parent!;
    } else {
      const element: Element = { tag: tag!, attributes: Object.fromEntries(Array.from(attributes!.matchAll(/([^\s=]+)(?:="([^"]*)")?/g), ([, name, value]) => [name!, value ?? ''])), parent: at, children: [] };
      at.children.push(element);
      if (selfClosed === '' && !VOID.has(tag!)) at = element;
    }
  }
  if (at !== root) throw new Error(`<${at.tag}> is not closed`);
  return root;
}

/** The element and all below it, in the order of the page. */
export function* within(element: Element): Generator<Element> {
  yield element;
  for (const child of element.children) if (typeof child !== 'string') yield* within(child);
}

export function* above(element: Element): Generator<Element> {
  for (let at: Element | null = element; at !== null; at = at.parent) yield at;
}

export const has = ({ attributes }: Element, name: string): boolean => name in attributes;
export const isOf = ({ attributes }: Element, name: string): boolean => (attributes.class ?? '').split(' ').includes(name);
/** Text of an element, but of what `without` says. */
export const textOf = (element: Element, without: (element: Element) => boolean = () => false): string =>
  element.children.map((child) => (typeof child === 'string' ? child : without(child) ? '' : textOf(child, without))).join('');

/** What an entry of the page comes to: artifacts (`score/<key>`), with the files of them that are named, and commands. */
export interface Reached {
  artifacts: Map<string, Set<string>>;
  commands: Set<string>;
}

export class Trail {
  readonly root: Element;
  readonly #byId = new Map<string, Element>();

  constructor(page: string) {
    this.root = treeOf(page);
    for (const element of within(this.root)) if (element.attributes.id !== undefined) this.#byId.set(element.attributes.id, element);
  }

  all(which: (element: Element) => boolean): Element[] {
    return [...within(this.root)].filter(which);
  }

  /** Where the links of elements lead, from entry to entry. A link to nothing leads nowhere. */
  follow(from: readonly Element[]): Reached {
    const reached: Reached = { artifacts: new Map(), commands: new Set() };
    const seen = new Set<Element>();
    const visit = (element: Element) => {
      if (seen.has(element)) return;
      seen.add(element);
      for (const each of within(element)) {
        const artifact = each.attributes['data-artifact'];
        if (artifact !== undefined) {
          const files = reached.artifacts.get(artifact) ?? new Set();
          if (each.parent!.tag === 'dd') for (const [file] of textOf(each.parent!).matchAll(/[a-z]+\.(?:jsonl|json|safetensors)/g)) files.add(file);
          reached.artifacts.set(artifact, files);
          // Commands stand below the entries of a unit, or of what results share.
          const entries = [...above(each)].find((one) => one.tag === 'details' && isOf(one, 'unit'));
          for (const code of entries === undefined ? [] : [...within(entries)].filter(({ tag }) => tag === 'code')) {
            const text = textOf(code);
            if (/ start again\.json$|--type discard /.test(text)) reached.commands.add(text);
          }
        }
        const target = each.tag === 'a' ? /^#(from-.*|table-\d+-\d+-n\d+)$/.exec(each.attributes.href ?? '')?.[1] : undefined;
        const entry = target === undefined ? undefined : this.#byId.get(target);
        if (entry !== undefined) visit(entry);
      }
    };
    from.forEach(visit);
    return reached;
  }
}

/** A cell that holds a number, with those elements whose links may say where it comes from. */
export interface NumberCell {
  /** Caption, row and text, for whoever reads a failure. */
  name: string;
  from: Element[];
}

/**
 * Every cell with a digit in it, of every table. It is traced by itself or by the name of its row; the head inspector's, whose
 * tables come and go with its script, by the list below it. What stands in smaller print beneath a number (the paper's, and the difference)
 * or is a mark is no number of the sweep, nor is a reason one: where there is nothing else, the cell holds none.
 */
export function numberCells(trail: Trail): NumberCell[] {
  return trail.all(({ tag }) => tag === 'table').flatMap((table) => {
    const caption = textOf([...within(table)].find(({ tag }) => tag === 'caption')!);
    const inspector = [...above(table)].some((each) => has(each, 'data-inspector-still')) ? trail.all((each) => has(each, 'data-inspector-from')) : [];
    const names = new Map<Element, Element[]>();
    let spanning: { name: Element; rows: number } | null = null;
    for (const row of [...within(table)].filter(({ tag, parent }) => tag === 'tr' && parent!.tag === 'tbody')) {
      const own = row.children.filter((child): child is Element => typeof child !== 'string' && child.tag === 'th');
      names.set(row, [...own, ...(spanning !== null && spanning.rows > 0 ? [spanning.name] : [])]);
      if (spanning !== null) spanning.rows -= 1;
      const group = own.find((name) => has(name, 'rowspan'));
      if (group !== undefined) spanning = { name: group, rows: Number(group.attributes.rowspan) - 1 };
    }
    return [...names].flatMap(([row, heads]) =>
      row.children.filter((child): child is Element => typeof child !== 'string' && child.tag === 'td').flatMap((cell): NumberCell[] => {
        const own = textOf(cell, (each) => isOf(each, 'beside') || isOf(each, 'reason') || each.tag === 'sup');
        return /\d/.test(own) ? [{ name: `${caption} | ${heads.map((head) => textOf(head)).join(' ')} | ${own}`, from: [cell, ...heads, ...inspector] }] : [];
      }),
    );
  });
}

/** Names of the cells from whose number no artifact, or no command that makes one anew, is reached. */
export const untraced = (trail: Trail): string[] =>
  numberCells(trail).filter(({ from }) => {
    const { artifacts, commands } = trail.follow(from);
    return artifacts.size === 0 || commands.size === 0;
  }).map(({ name }) => name);
