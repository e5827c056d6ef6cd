/**
 * Two models, chosen in the page: shades, hover texts, counts and names of the two drawings follow. The drawings
 * themselves (squares layer by layer, head by head) and their scale are the page's.
 */
import { count, positive } from './numbers.js';

(() => {
  'use strict';

  /**
   * @typedef {{ colour: string, name: string }} Shade
   * @typedef {{ heads: number, models: { name: string, scores: number[] }[], difference: { bounds: number[], colours: string[] }, overlap: Shade[] }} Data
   */

  /** @param {number} value @param {number[]} bounds */
  function shadeAt(value, bounds) {
    const above = bounds.findIndex((bound) => value < bound);
    return above === -1 ? bounds.length : above;
  }

  /** @param {number[]} first @param {number[]} second @returns {string} */
  function cosine(first, second) {
    let [dot, left, right] = [0, 0, 0];
    for (const [at, one] of first.entries()) {
      const other = second[at] ?? 0;
      dot += one * other;
      left += one * one;
      right += other * other;
    }
    return left === 0 || right === 0 ? '–' : Math.min(1, dot / Math.sqrt(left) / Math.sqrt(right)).toFixed(2);
  }

  /** @param {Element} root */
  function connect(root) {
    const block = document.getElementById(root.getAttribute('data-pair') ?? '');
    if (block === null) return;
    /** @type {Data} */
    const data = JSON.parse(block.textContent ?? '');
    const choices = /** @type {Record<string, HTMLSelectElement>} */ ({});
    for (const choice of root.querySelectorAll('select')) choices[choice.dataset['choice'] ?? ''] = choice;

    /** @param {string} map @param {(at: number) => { colour: string, text: string }} square */
    function shade(map, square) {
      for (const [at, title] of root.querySelectorAll(`[data-map="${map}"] title`).entries()) {
        const { colour, text } = square(at);
        title.parentElement?.setAttribute('fill', `var(--${colour})`);
        title.textContent = `layer ${Math.floor(at / data.heads)}, head ${at % data.heads}: ${text}`;
      }
    }

    function show() {
      const first = data.models[Number(choices['first']?.value)];
      const second = data.models[Number(choices['second']?.value)];
      if (first === undefined || second === undefined) return;
      /** @param {number} at @returns {[number, number]} */
      const both = (at) => [first.scores[at] ?? 0, second.scores[at] ?? 0];
      const counts = [0, 0, 0, 0];
      shade('difference', (at) => {
        const [one, other] = both(at);
        const difference = one - other;
        const sign = difference > 0 ? '+' : difference < 0 ? '−' : '';
        const colour = data.difference.colours[shadeAt(difference, data.difference.bounds)] ?? '';
        return { colour, text: `${sign}${positive(Math.abs(difference))} (${positive(one)} and ${positive(other)})` };
      });
      shade('overlap', (at) => {
        const [one, other] = both(at);
        const place = Number(one > 0) + 2 * Number(other > 0);
        counts[place] = (counts[place] ?? 0) + 1;
        const { colour = '', name = '' } = data.overlap[place] ?? {};
        return { colour, text: name };
      });
      for (const [which, { name }] of Object.entries({ first, second })) {
        for (const span of root.querySelectorAll(`[data-name="${which}"]`)) span.textContent = name;
      }
      for (const span of root.querySelectorAll('[data-count]')) span.textContent = count(counts[Number(span.getAttribute('data-count'))] ?? 0);
      for (const span of root.querySelectorAll('[data-cosine]')) span.textContent = cosine(first.scores, second.scores);
    }

    for (const choice of Object.values(choices)) choice.addEventListener('change', show);
    root.querySelector('.choices')?.removeAttribute('hidden');
  }

  for (const root of document.querySelectorAll('[data-pair]')) connect(root);
})();
