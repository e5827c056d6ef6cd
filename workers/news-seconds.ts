/** Seconds, at least, between two pieces of news that a running stage gives its workflow; undefined: as usual. */
export function newsSeconds({ NEEDLEWORK_NEWS_SECONDS: text }: NodeJS.ProcessEnv): number | undefined {
  if (!text) return undefined;
  const seconds = Number(text);
  if (!(seconds >= 1 && seconds <= 86_400)) throw new Error(`NEEDLEWORK_NEWS_SECONDS: found "${text}", allowed: seconds from 1 to 86400`);
  return seconds;
}
