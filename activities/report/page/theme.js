/**
 * Theme switch: light, dark, or as the system has it. Stands in the page's head, so that a chosen theme is there before
 * anything is painted; the switch itself (hidden in the page, since it does nothing without this) is connected later.
 */
(() => {
  'use strict';
  const KEY = 'needlework-theme';
  const root = document.documentElement;

  /** @returns {string} 'light', 'dark' or 'system' */
  function remembered() {
    try {
      return localStorage.getItem(KEY) ?? 'system';
    } catch {
      return 'system'; // storage is closed to this page
    }
  }

  /** @param {string} theme */
  function show(theme) {
    if (theme === 'light' || theme === 'dark') root.dataset['theme'] = theme;
    else delete root.dataset['theme'];
  }

  show(remembered());
  document.addEventListener('DOMContentLoaded', () => {
    for (const box of document.querySelectorAll('[data-theme-switch]')) {
      const choices = /** @type {NodeListOf<HTMLInputElement>} */ (box.querySelectorAll('input[type="radio"]'));
      const chosen = root.dataset['theme'] ?? 'system';
      for (const choice of choices) {
        choice.checked = choice.value === chosen;
        choice.addEventListener('change', () => {
          show(choice.value);
          try {
            localStorage.setItem(KEY, choice.value);
          } catch {
            // The choice holds as long as the page is open.
          }
        });
      }
      box.removeAttribute('hidden');
    }
  });
})();
