/** Makes drawings of thousands of marks smaller, and no other: what most marks of a group have alike is said once, at the group. */

/** Attributes that SVG hands down to what is inside. */
const INHERITED = ['fill', 'stroke', 'stroke-width'];
/** A group of marks as Vega writes it: paths, each alone or with its title. */
const GROUP = /<g class="mark-(?:rect|symbol)[^>]*>((?:<path[^>]*?(?:\/>|><title>[^<]*<\/title><\/path>)){2,})<\/g>/g;

/** The same drawing, in which the commonest fill and stroke of each group of marks stand at the group. */
export function hoisted(svg: string): string {
  return svg.replace(GROUP, (group, marks: string) => {
    let [head, body] = [group.slice(0, group.indexOf('>')), marks];
    const paths = marks.match(/<path[^>]*>/g) ?? [];
    for (const name of INHERITED) {
      const values = paths.map((path) => new RegExp(` ${name}="([^"]*)"`).exec(path)?.[1]);
      // A mark without the attribute would inherit what is not its own.
      if (values.some((value) => value === undefined)) continue;
      const common = mostFrequent(values as string[]);
      head += ` ${name}="${common}"`;
      body = body.replaceAll(` ${name}="${common}"`, '');
    }
    return `${head}>${body}</g>`;
  });
}

/** The first to come where several are equally frequent. */
function mostFrequent(values: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].reduce((best, each) => (each[1] > best[1] ? each : best))[0];
}
