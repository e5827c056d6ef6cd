import type { Source } from '../contracts/spec.ts';
import { expectedSha256, locationOf, type SourceFile } from '../contracts/source-file.ts';

/** A file of a source: its field below `source`, the path or URL it lies at, and the SHA-256 that the spec says it has. */
export interface NamedFile {
  field: string;
  location: string;
  sha256: string | undefined;
}

/** Every file of a source, in the order of the spec; none for a source that the project writes itself. */
export function filesOf(source: Source): NamedFile[] {
  switch (source.kind) {
    case 'miniature':
      return [];
    case 'nq-open':
      return [named('questions', source.questions), ...optional('pool', source.pool)];
    case 'musique':
      return [...list('questions', source.questions), ...optional('pool', source.pool)];
    case 'summhay':
      return list('topics', source.topics);
    case 'rows':
      return [named('train', source.train), named('test', source.test)];
    case 'examples':
      return [named('examples', source.examples), ...optional('test', source.test)];
  }
}

function named(field: string, file: SourceFile): NamedFile {
  return { field, location: locationOf(file), sha256: expectedSha256(file) };
}

function optional(field: string, file: SourceFile | undefined): NamedFile[] {
  return file === undefined ? [] : [named(field, file)];
}

function list(field: string, files: readonly SourceFile[]): NamedFile[] {
  return files.map((file, index) => named(`${field}[${index}]`, file));
}
