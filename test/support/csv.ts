/** Lines of a CSV file (RFC 4180) by the names of its header. @throws where a line has another number of fields than the header */
export function csvRecords(text: string): Record<string, string>[] {
  const lines: string[][] = [[]];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    lines.at(-1)!.push(quoted?.replaceAll('""', '"') ?? plain!);
    if (end === '\r\n') lines.push([]);
  }
  const [head, ...records] = lines.filter((line) => line.length > 0);
  return records.map((line) => {
    if (line.length !== head!.length) throw new Error(`a line of ${line.length} fields under a header of ${head!.length}: ${line.join(',')}`);
    return Object.fromEntries(head!.map((name, at) => [name, line[at]!]));
  });
}
