import type { Source } from '../contracts/spec.ts';

/** A file that a source names: its field below `source`, its path, and the SHA-256 that the spec says it has. */
export interface SourceFile {
  field: string;
  path: string;
  sha256?: string | undefined;
}

/** Every file of a source, in the order of the spec; none for a source that the project writes itself. */
export function filesOf(source: Source): SourceFile[] {
  switch (source.kind) {
    case 'miniature':
      return [];
    case 'nq-open':
      return [
        { field: 'questions', path: source.questions, sha256: source.questionsSha256 },
        ...(source.pool === undefined ? [] : [{ field: 'pool', path: source.pool, sha256: source.poolSha256 }]),
      ];
    case 'musique':
      return [...list('questions', source.questions), ...(source.pool === undefined ? [] : [{ field: 'pool', path: source.pool }])];
    case 'summhay':
      return list('topics', source.topics);
  }
}

function list(field: string, paths: readonly string[]): SourceFile[] {
  return paths.map((path, index) => ({ field: `${field}[${index}]`, path }));
}
