/** What the models wrote for a few test questions. */
import type { PredictionSample, SettingResults } from '#workflows/contracts/report.ts';
import { html, type Html, quoted } from '../html.ts';
import { list, nameOf, plural, score } from '../format.ts';
import { number } from './parts.ts';
import { traced } from './traces.ts';

export function predictions(setting: SettingResults): Html | null {
  const { predictions: found } = setting;
  if (found.length === 0) return null;
  return html`<p class="prose">${plural(found.length, 'question')} of the real test split, drawn at random with the sweep’s seed, with what each model wrote.</p>
<div class="answers">${found.map((each) => question(setting, each))}</div>`;
}

function question(setting: SettingResults, { question: asked, answers, outputs }: PredictionSample): Html {
  return html`<table><caption><strong>${quoted(asked)}</strong> Gold: ${quoted(list(answers))}</caption>
<thead><tr><th scope="col">Model</th><th scope="col">Prediction</th><th scope="col" class="number">F1</th></tr></thead><tbody>${outputs.map(({ by, text, f1, exactMatch, stoppedBy }) => {
  const written = text.trim() === '' ? html`<span class="muted">(nothing)</span>` : quoted(text);
  return html`<tr><th scope="row">${traced(setting, by, 'f1', nameOf(by))}</th><td class="written">${written}${stoppedBy === 'length' ? html` <span class="muted">(cut at the length limit)</span>` : ''}</td>${number(html`${exactMatch === 1 ? html`<span class="right" title="exact match">✓</span> ` : ''}${score(f1)}`)}</tr>`;
})}</tbody></table>`;
}
