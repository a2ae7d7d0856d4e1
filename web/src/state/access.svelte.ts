/** Whether the server has asked for a key. */
export const access: { needed: boolean } = $state({ needed: false });
