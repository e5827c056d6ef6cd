import { expect, it } from 'vitest';
import { withoutUrlSecrets } from '#workflows/contracts/url-secrets.ts';

it.each([
  ['https://host/file.jsonl', 'https://host/file.jsonl'],
  ['a path/with spaces@home?x', 'a path/with spaces@home?x'],
  ['["https://u:p@host/a?b=c","s3://bucket/key"]', '["https://…@host/a?…","s3://bucket/key"]'],
  ['https://u:p@ss/w@host/a#token', 'https://…@host/a?…'],
  ['see https://host/a?b=c, or not', 'see https://host/a?… or not'],
])('%s', (text, expected) => {
  expect(withoutUrlSecrets(text)).toBe(expected);
});
