/** Which artifact is meant: its kind and its key. */
export interface ArtifactAddress {
  kind: string;
  key: string;
}

/** An artifact whose bytes are not what its manifest says, or whose manifest cannot be read. */
export class ArtifactCorrupt extends Error {
  override readonly name = 'ArtifactCorrupt';
  readonly artifact: ArtifactAddress;
  /** Which commit of the artifact it was; null where its manifest cannot be read. */
  readonly committedAt: string | null;
  constructor({ kind, key }: ArtifactAddress, problem: string, committedAt: string | null = null) {
    super(`artifact ${kind}/${key} is corrupt: ${problem}`);
    this.artifact = { kind, key };
    this.committedAt = committedAt;
  }
}

/** An artifact that was asked for and is not in the store. */
export class ArtifactMissing extends Error {
  override readonly name = 'ArtifactMissing';
  readonly artifact: ArtifactAddress;
  constructor(artifact: ArtifactAddress) {
    super(`artifact ${artifact.kind}/${artifact.key} is not in the store`);
    this.artifact = artifact;
  }
}
