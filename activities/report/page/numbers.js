/** How numbers are written, on the server (format.ts, charts/shades.ts) and by the page's scripts. */

/** 12345 → "12,345"; fixed, whatever the machine's locale. @param {number} value */
export function count(value) {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/** A score of two decimals; a positive one never reads as zero. @param {number} value */
export function positive(value) {
  return value > 0 && value < 0.005 ? String(Number(value.toPrecision(1))) : value.toFixed(2);
}
