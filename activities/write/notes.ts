/** What is counted of texts that are used as they are (`noted` of a writing stage's counts). */

/** Low expression: no name was found, so what the question is about has the symbol. */
export const TOPIC_SYMBOL = 'question without a name: a symbol for its most specific noun phrase';
/** Low expression: nothing in the question could be replaced. */
export const NO_SYMBOL = 'question without a symbol';
