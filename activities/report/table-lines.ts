/** Tables in the terminal. Pure. */
import { visible } from './escape.ts';

export interface TableColumn {
  head: string;
  /** Set to the right. */
  numeric?: boolean;
}

/** Rows under a head, in columns as wide as they need be. Every text stays on its line and nothing in it can steer a terminal. */
export function tableLines(columns: readonly TableColumn[], rows: readonly (readonly string[])[]): string[] {
  const shown = rows.map((row) => columns.map((_, column) => oneLine(row[column] ?? '')));
  const widths = columns.map(({ head }, column) => Math.max(head.length, ...shown.map((row) => (row[column] as string).length)));
  const line = (row: readonly string[]) => columns.map(({ numeric }, column) => (numeric ? (row[column] as string).padStart(widths[column] as number) : (row[column] as string).padEnd(widths[column] as number))).join('  ').trimEnd();
  return [line(columns.map(({ head }) => head)), widths.map((width) => '─'.repeat(width)).join('  '), ...shown.map(line)];
}

/** Untrusted text as it may stand in a line of the terminal. */
export const oneLine = (text: string): string => visible(text).replace(/\s+/g, ' ').trim();
