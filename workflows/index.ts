/** Every workflow that workers offer; their names here are their types on the `temporal` command line. */
export { cell } from './cell.ts';
export { discard } from './discard.ts';
export { sweep } from './sweep.ts';
