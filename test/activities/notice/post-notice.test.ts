import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { postNotice } from '#activities/notice/post-notice.ts';
import type { ActivityContext } from '#activities/stage/context.ts';
import { parse } from '#workflows/contracts/parse.ts';
import type { Notice } from '#workflows/contracts/requests.ts';
import { Webhook } from '#workflows/contracts/run.ts';

const got: { path: string | undefined; body: unknown }[] = [];
let status = 200;
const server = createServer(async (request: IncomingMessage, response) => {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  got.push({ path: request.url, body: JSON.parse(text) });
  response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end();
});
let origin: string;
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());
beforeEach(() => {
  got.length = 0;
  status = 200;
});

const notice: Notice = { event: 'blocked', sweep: 's', status: 'blocked', text: 'Sweep s: …', blocked: [], report: null };

const post = (webhook: Webhook, env: Record<string, string> = {}) =>
  new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') }).run(postNotice, { webhookUrl: (name: string) => env[name] } as ActivityContext, { webhook, notice });

describe('a webhook', () => {
  it('gets news as JSON, at a URL of the spec or of the environment', async () => {
    await post({ url: `${origin}/hook` });
    await post({ variable: 'NEEDLEWORK_WEBHOOK' }, { NEEDLEWORK_WEBHOOK: `${origin}/hook?token=c0ffee` });
    expect(got).toEqual([{ path: '/hook', body: notice }, { path: '/hook?token=c0ffee', body: notice }]);
  });

  it.each([
    [503, false],
    [429, false],
    [404, true],
    [302, true],
  ])('that answers %i is a failure, final: %s, which says no more than its host', async (answer, nonRetryable) => {
    status = answer;
    const failure = await post({ variable: 'NEEDLEWORK_WEBHOOK_A' }, { NEEDLEWORK_WEBHOOK_A: `${origin}/hook?token=c0ffee` }).catch((error: Error) => error);
    expect(String(failure)).toContain(`${new URL(origin).host} answered with status ${answer}, allowed: 2xx`);
    expect(String(failure)).not.toContain('c0ffee');
    expect((failure as { nonRetryable?: boolean }).nonRetryable ?? false).toBe(nonRetryable);
    expect(got, 'a redirect is not followed').toHaveLength(1);
  });

  it('that is not there is tried again; one that is not known is not', async () => {
    const away = await post({ url: 'http://127.0.0.1:1/hook?to=c0ffee' }).catch((error: Error) => error);
    expect(String(away)).toMatch(/127\.0\.0\.1:1 could not be reached/);
    expect(away).not.toMatchObject({ nonRetryable: true });
    await expect(post({ variable: 'NEEDLEWORK_WEBHOOK' })).rejects.toMatchObject({ nonRetryable: true, message: expect.stringContaining('NEEDLEWORK_WEBHOOK: found nothing in the environment') });
    const bad = await post({ variable: 'NEEDLEWORK_WEBHOOK' }, { NEEDLEWORK_WEBHOOK: 'http://u:c0ffee@host/' }).catch((error: Error) => error);
    expect(bad).toMatchObject({ nonRetryable: true });
    expect(String(bad)).not.toContain('c0ffee');
  });

  it.each([
    [{ url: 'https://u:c0ffee@host/' }, /without user and password/],
    [{ url: 'https://host/?token=c0ffee' }, /without a signature or token/],
    [{ url: 'somewhere' }, /an https:\/\/ URL/],
    [{ variable: 'AWS_SECRET_ACCESS_KEY' }, /must be NEEDLEWORK_WEBHOOK/],
  ])('is refused in a spec: %j', (given, message) => {
    const refused = (() => {
      try {
        return parse(Webhook, given, 'the webhook');
      } catch (error) {
        return String(error);
      }
    })();
    expect(refused).toMatch(message);
    expect(refused).not.toContain('c0ffee');
  });
});
