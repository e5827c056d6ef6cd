/** The paper's low-diversity padding, word for word (section 3.1); "The grass is green. …" also lengthens real MuSiQue contexts. */
export const PADDING = ['The grass is green.', 'The sky is blue.', 'The sun is yellow.', 'Here we go.', 'There and back again.'] as const;
