/** Links of a published report to what is outside of it: artifacts, and pages of Temporal's Web UI. */
import { relative } from 'node:path';
import { cellWorkflowId } from '#workflows/ids.ts';
import { escapeHtml } from './escape.ts';

/** What a worker or command knows of the places that reports link to. */
export interface Places {
  /** Folder of all artifacts on this machine, or an `s3://` URL. */
  artifacts: string;
  /** URL under which the Web UI has the namespace's workflows; null where it is not known. */
  workflows: string | null;
}

/** The page with its links to artifacts filled in; as `withPlaces`, for pages that are of no sweep alone. */
export function withArtifacts(page: string, artifacts: Places['artifacts'], folder: string): string {
  const base = /^[a-z0-9]+:\/\//.test(artifacts) ? artifacts : relative(folder, artifacts).split('/').map(encodeURIComponent).join('/');
  return page.replace(/( data-artifact="([a-z]+\/[0-9a-f]{64})")(?: href="[^"]*")?/g, (_, attribute: string, artifact: string) => `${attribute} href="${escapeHtml(`${base}/${artifact}/`)}"`);
}

/**
 * The page with its links filled in. Only attributes of ours are looked at: text of data and models is escaped, so it cannot have
 * any. Links that were filled in for another place are replaced. `folder`: where the page will lie, `sweep`: workflow id of its sweep.
 */
export function withPlaces(page: string, { artifacts, workflows }: Places, { folder, sweep }: { folder: string; sweep: string }): string {
  const linked = withArtifacts(page, artifacts, folder);
  if (workflows === null) return linked;
  return linked.replace(/( data-workflow="([A-Za-z0-9._/-]+)")(?: href="[^"]*")?/g, (_, attribute: string, unit: string) => `${attribute} href="${escapeHtml(`${workflows}/${encodeURIComponent(cellWorkflowId(sweep, unit))}`)}"`);
}
