/** Where figures lie beside the page. */
import type { SettingResults } from '#workflows/contracts/report.ts';
import { modelSlug, settingSlug } from '../names.ts';

export const FIGURES_FOLDER = 'figures';

/** What a setting's figures show. */
export type SettingFigure = 'f1' | 'heads-retrieval' | 'heads-insight' | 'difference' | 'common-heads' | 'cosine-f1' | 'masking' | 'loss' | 'data' | 'samples';

/** `heads-retrieval-mdqa-llama-3-8b`: the name of a setting's figure, without its ending. */
export const settingFigure = (what: SettingFigure, setting: Pick<SettingResults, 'task' | 'model' | 'variant' | 'seed'>): string => `${what}-${settingSlug(setting)}`;

/** What figures over a model's tasks show. */
export type ModelFigure = 'real-heads' | 'real-masking' | 'tasks-cosine-f1';
export const modelFigure = (what: ModelFigure, setting: Pick<SettingResults, 'model' | 'variant' | 'seed'>): string => `${what}-${modelSlug(setting)}`;

/** `figures/NAME.svg`: where a figure's file lies. */
export const figureFile = (name: string, ending: 'svg' | 'png'): string => `${FIGURES_FOLDER}/${name}.${ending}`;

/** Id of the page's entry of what a figure was drawn from. */
export const figureAnchor = (name: string): string => `from-figure-${name}`;
