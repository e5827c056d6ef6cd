import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import canonicalize from 'canonicalize';
import type { ArtifactKey, ArtifactRef, Recipe } from '../contracts/artifacts.ts';

/** References of recipes that were asked for before: a plan asks for the same ones over and over. Recipes never change. */
const known = new WeakMap<Recipe, ArtifactRef>();

/**
 * Key of the artifact that a recipe makes: SHA-256 (hexadecimal) of the recipe's canonical JSON (RFC 8785).
 * Pure JavaScript, so that workflows, activities and the command line all compute the same key.
 */
export function artifactKey(recipe: Recipe): ArtifactKey {
  return refOf(recipe).key;
}

/** Reference to the artifact that a recipe makes. */
export function refOf(recipe: Recipe): ArtifactRef {
  const before = known.get(recipe);
  if (before !== undefined) return before;
  const text = canonicalize(recipe);
  if (text === undefined) throw new TypeError('a recipe is an object');
  const ref = { stage: recipe.stage, key: bytesToHex(sha256(utf8ToBytes(text))) };
  known.set(recipe, ref);
  return ref;
}
