// The page's address: #/ a new chat, #/chat/ID, #/runs, #/ledger. The server sees none of it.

export type Route = { page: 'chat'; id: string | null } | { page: 'runs' } | { page: 'ledger' };

export function parseRoute(hash: string): Route {
  const [, page, id] = hash.replace(/^#/, '').split('/');
  if (page === 'runs' || page === 'ledger') return { page };
  return { page: 'chat', id: page === 'chat' && id ? id : null };
}

let current: Route = $state(parseRoute(location.hash));
window.addEventListener('hashchange', () => (current = parseRoute(location.hash)));

export const router = {
  get route(): Route {
    return current;
  },
};

export function go(hash: string, replace = false): void {
  if (replace) {
    history.replaceState(null, '', hash);
    current = parseRoute(hash);
  } else {
    location.hash = hash;
  }
}
