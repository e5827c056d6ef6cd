/**
 * Sorting: every header of a table with `data-sortable` becomes a button. A click sorts the rows of each body by that column
 * (numbers falling first, text rising first), a second one the other way, a third one restores the page's own order.
 * Where text and order differ, a cell says by `data-value` what it sorts by. Cells without a value stay at the end.
 */
(() => {
  'use strict';

  /** @typedef {{ row: HTMLTableRowElement, value: number | string | null }} Keyed */

  /** @param {HTMLTableCellElement | undefined} cell @returns {number | string | null} */
  function valueOf(cell) {
    if (cell === undefined || cell.colSpan > 1) return null;
    const text = (cell.dataset['value'] ?? cell.textContent ?? '').trim();
    if (text === '' || text === '–') return null;
    const plain = text.replace(/−/g, '-').replace(/(\d),(?=\d{3})/g, '$1');
    const number = /^[<>$+~✓\s]*(-?\d+(?:\.\d+)?(?:e-?\d+)?)/.exec(plain);
    return number ? Number(number[1]) : text;
  }

  /** @param {Keyed} a @param {Keyed} b @param {number} sign */
  function inOrder(a, b, sign) {
    if (a.value === null || b.value === null) return Number(a.value === null) - Number(b.value === null);
    if (typeof a.value === 'number' && typeof b.value === 'number') return sign * (a.value - b.value);
    return sign * String(a.value).localeCompare(String(b.value), 'en', { numeric: true });
  }

  /** @param {HTMLTableElement} table */
  function connect(table) {
    const heads = Array.from(table.tHead?.rows[table.tHead.rows.length - 1]?.cells ?? []);
    const bodies = Array.from(table.tBodies);
    // Rows that share a cell belong together.
    if (heads.length === 0 || heads.some(({ colSpan }) => colSpan > 1) || table.querySelector('tbody [rowspan]') !== null) return;
    const original = bodies.map((body) => Array.from(body.rows));

    /** @param {number} column @param {'ascending' | 'descending' | null} order */
    function sort(column, order) {
      for (const [at, body] of bodies.entries()) {
        const rows = /** @type {HTMLTableRowElement[]} */ (original[at]);
        if (order === null) {
          body.append(...rows);
          continue;
        }
        const keyed = rows.map((row) => ({ row, value: valueOf(row.cells[column]) }));
        keyed.sort((a, b) => inOrder(a, b, order === 'ascending' ? 1 : -1));
        body.append(...keyed.map(({ row }) => row));
      }
      for (const [at, head] of heads.entries()) {
        if (at === column && order !== null) head.setAttribute('aria-sort', order);
        else head.removeAttribute('aria-sort');
      }
    }

    for (const [column, head] of heads.entries()) {
      const button = document.createElement('button');
      button.type = 'button';
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener('click', () => {
        const numeric = head.classList.contains('number');
        /** @type {('ascending' | 'descending' | null)[]} */
        const turns = numeric ? [null, 'descending', 'ascending'] : [null, 'ascending', 'descending'];
        const now = turns.indexOf(/** @type {'ascending' | 'descending' | null} */ (head.getAttribute('aria-sort')));
        sort(column, turns[(now + 1) % turns.length] ?? null);
      });
    }
  }

  for (const table of document.querySelectorAll('table[data-sortable]')) connect(/** @type {HTMLTableElement} */ (table));
})();
