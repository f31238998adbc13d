// The start of the desk: the client at the page's own origin, the queries, the languages, the screens.
import { client } from '@client/base'
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { createRoot } from 'react-dom/client'
import { fetchConfirmed } from './app/confirm'
import { Desk } from './app/desk'
import { fetchEarly } from './app/early'
import { mustSetUpOptions, sessionOptions } from './app/session'
import { showTheme } from './app/theme'
import { WordsProvider } from './app/words'
import './style.css'

client.setConfig({ baseUrl: '', credentials: 'same-origin', fetch: fetchConfirmed })
showTheme()

const isFinal = (error: unknown) => {
  const status = (error as { status?: number } | null)?.status ?? 0
  return status >= 400 && status < 500
}

// A session that ended, here or by an admin, is noticed by whichever call comes next.
const signedOut = (error: unknown) => {
  if ((error as { code?: string } | null)?.code === 'two_factor_required') queries.setQueryData(mustSetUpOptions.queryKey, true)
  if ((error as { status?: number } | null)?.status === 401) void queries.invalidateQueries({ queryKey: sessionOptions.queryKey })
}

const queries: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError: signedOut }),
  mutationCache: new MutationCache({ onError: signedOut }),
  defaultOptions: {
    // A tap without a connection fails at once, and is not sent minutes later when nobody expects it any more.
    mutations: { networkMode: 'always' },
    // The feed tells what changed. Each answer is read again after a minute all the same.
    queries: { retry: (count, error) => !isFinal(error) && count < 3, staleTime: 60_000, refetchInterval: 60_000 },
  },
})

fetchEarly(queries, location.pathname)

createRoot(document.getElementById('app') as HTMLElement).render(
  <QueryClientProvider client={queries}>
    <WordsProvider>
      <Desk />
    </WordsProvider>
  </QueryClientProvider>,
)
