/** Building one program with Go into the cache. Go checks each module against the public checksum database. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cachedFolder, logFile, platformName } from './cache.mjs';
import { execute } from './programs.mjs';

/**
 * Path of the program, built where it is not in the cache.
 * @param {{ context: any, name: string, module: string, version: string, ldflags?: string }} what
 * @returns {Promise<{ executable: string, folder: string, note: string }>}
 */
export async function goInstall({ context, name, module, version, ldflags = '' }) {
  const { cache, begins, waits, need } = context;
  const { folder, facts } = await cachedFolder({
    cache, kind: name, key: `${version}-${platformName}`, onWait: waits,
    build: async (target) => {
      begins();
      const go = await need('go');
      const scratch = join(target, 'tmp');
      mkdirSync(scratch);
      await execute(go.executable, ['install', '-trimpath', '-ldflags', `-s -w ${ldflags}`.trim(), `${module}@${version}`], {
        env: { ...process.env, ...(go.ours ? privateGo(scratch) : {}), GOBIN: join(target, 'bin'), GOTMPDIR: scratch, CGO_ENABLED: '0' },
        log: logFile(cache, name),
        failure: `go install ${module}@${version} failed`,
        advice: `check that Go reaches its module proxy (go env GOPROXY) and that there are 3 GB free, or install "${name}" yourself so that it is on PATH; then run this again`,
      });
      rmSync(scratch, { recursive: true, force: true });
      return { go: go.version };
    },
  });
  return { executable: join(folder, 'bin', name), folder: join(folder, 'bin'), note: `${version}, built by Go ${facts.go}` };
}

/** Nobody else uses the Go that we fetched, so its module cache must not fill the person's home folder. */
function privateGo(scratch) {
  return {
    GOROOT: undefined,
    GOPATH: join(scratch, 'path'),
    GOMODCACHE: join(scratch, 'path', 'pkg', 'mod'),
    GOCACHE: join(scratch, 'build'),
    // Else the modules are read-only and cannot be removed.
    GOFLAGS: `${process.env.GOFLAGS ?? ''} -modcacherw`.trim(),
  };
}
