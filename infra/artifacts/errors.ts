/** Which artifact is meant: its kind and its key. */
export interface ArtifactAddress {
  kind: string;
  key: string;
}

/** An artifact whose bytes are not what its manifest says, or whose manifest cannot be read. */
export class ArtifactCorrupt extends Error {
  override readonly name = 'ArtifactCorrupt';
  readonly artifact: ArtifactAddress;
  constructor(artifact: ArtifactAddress, problem: string) {
    super(`artifact ${artifact.kind}/${artifact.key} is corrupt: ${problem}`);
    this.artifact = artifact;
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
