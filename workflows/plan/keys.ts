import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import canonicalize from 'canonicalize';
import type { ArtifactKey, ArtifactRef, Recipe } from '../contracts/artifacts.ts';

/**
 * Key of the artifact that a recipe makes: SHA-256 (hexadecimal) of the recipe's canonical JSON (RFC 8785).
 * Pure JavaScript, so that workflows, activities and the command line all compute the same key.
 */
export function artifactKey(recipe: Recipe): ArtifactKey {
  const text = canonicalize(recipe);
  if (text === undefined) throw new TypeError('a recipe is an object');
  return bytesToHex(sha256(utf8ToBytes(text)));
}

/** Reference to the artifact that a recipe makes. */
export function refOf(recipe: Recipe): ArtifactRef {
  return { stage: recipe.stage, key: artifactKey(recipe) };
}
