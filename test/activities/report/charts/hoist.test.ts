import { expect, test } from 'vitest';
import { hoisted } from '#activities/report/charts/hoist.ts';

const path = (fill: string, rest = '') => `<path d="M0,0h8v8h-8Z" fill="${fill}" stroke="white" stroke-width="1"${rest}><title>${fill}</title></path>`;

test('what most marks of a group have alike stands at the group, what differs at the mark', () => {
  expect(hoisted(`<g class="mark-rect role-mark marks">${path('a')}${path('b')}${path('b')}</g>`)).toBe(
    '<g class="mark-rect role-mark marks" fill="b" stroke="white" stroke-width="1"><path d="M0,0h8v8h-8Z" fill="a"><title>a</title></path><path d="M0,0h8v8h-8Z"><title>b</title></path><path d="M0,0h8v8h-8Z"><title>b</title></path></g>',
  );
});

test('nothing is handed down to a mark that has it not, and other groups stay as they are', () => {
  const bare = `<g class="mark-rect"><path d="M0,0" fill="a"/><path d="M1,1"/></g>`;
  expect(hoisted(bare)).toBe(bare);
  const text = '<g class="mark-text"><text fill="a">x</text><text fill="a">y</text></g>';
  expect(hoisted(text)).toBe(text);
});
