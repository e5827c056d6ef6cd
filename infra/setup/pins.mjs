/**
 * What is installed where the machine has no suitable one of its own. Everything else that is pinned stands in
 * lock files: package-lock.json, infra/trainer/requirements.lock, and those in infra/setup/locks.
 */

/** Newer releases carry a `replace` directive, which `go install` refuses. */
export const TEMPORAL_CLI = { module: 'github.com/temporalio/cli/cmd/temporal', version: 'v1.5.1' };

export const VERSITYGW = { module: 'github.com/versity/versitygw/cmd/versitygw', version: 'v1.8.0' };

/** Oldest Go that builds both of the above (the `go` lines of their go.mod). */
export const OLDEST_GO = '1.25.0';

/** Pythons for which requirements.lock has wheels. */
export const OLDEST_PYTHON = '3.10';
export const NEWEST_PYTHON = '3.14';
