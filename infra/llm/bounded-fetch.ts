import { LlmFault } from './errors.ts';

/** `fetch` whose responses end in a fault where they are larger than `most` bytes, instead of filling the memory. */
export function boundedFetch(most: number): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    if (response.body === null) return response;
    let bytes = 0;
    const bounded = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        bytes += chunk.byteLength;
        if (bytes > most) controller.error(new LlmFault('malformed', `the reply is larger than ${most.toLocaleString('en-US')} bytes`, { mayBeCharged: true }));
        else controller.enqueue(chunk);
      },
    });
    const { status, statusText, headers } = response;
    return new Response(response.body.pipeThrough(bounded), { status, statusText, headers });
  };
}
