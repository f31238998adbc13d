// The WhatsApp messages in and out, newest first, with their delivery.
import type { Message } from '@client'
import { whatsappMessagesInfiniteOptions } from '@client/hooks'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useSearchParams } from 'wouter'
import { timeOfDay } from '../app/clock'
import { Failed, Loading } from '../app/parts'
import { useWords } from '../app/words'

const PAGE = 50

export function Messages() {
  const { t } = useWords()
  const [search, setSearch] = useSearchParams()
  const failed = search.get('failed') === 'true'
  const messages = useInfiniteQuery({
    ...whatsappMessagesInfiniteOptions({ query: { limit: PAGE, ...(failed ? { failed } : {}) } }),
    initialPageParam: {},
    getNextPageParam: (page) => (page.length === PAGE ? { query: { before: page[PAGE - 1]?.id } } : undefined),
    placeholderData: (before) => before,
  })
  const all = messages.data?.pages.flat() ?? []
  return (
    <section className="card min-w-0" aria-label={t('messages.title')}>
      <h2 className="flex flex-wrap gap-3 items-center px-4 py-2 border-b border-line font-semibold">
        {t('messages.title')}
        <label className="flex items-center gap-2 min-h-[44px] font-normal">
          <input type="checkbox" className="size-5" checked={failed} onChange={(event) => setSearch(event.currentTarget.checked ? { failed: 'true' } : {})} />
          {t('messages.onlyFailed')}
        </label>
      </h2>
      {messages.isPending && <Loading />}
      {messages.isError && <Failed error={messages.error} again={() => void messages.refetch()} />}
      {messages.data && all.length === 0 && <p className="p-4 text-soft">{t('messages.none')}</p>}
      <ul>
        {all.map((message) => (
          <Row key={message.id} message={message} />
        ))}
      </ul>
      {messages.hasNextPage && (
        <button type="button" className="ghost m-4" disabled={messages.isFetchingNextPage} onClick={() => void messages.fetchNextPage()}>
          {t('leads.more')}
        </button>
      )}
    </section>
  )
}

const LOOK: Record<string, string> = { failed: 'bad', queued: 'warn', delivered: 'ok', read: 'ok' }

function Row({ message }: { message: Message }) {
  const { t, language } = useWords()
  const isIn = message.direction === 'in'
  return (
    <li className="px-4 py-2.5 border-t border-line first:border-t-0 text-sm">
      <p className="flex flex-wrap gap-x-2 gap-y-1 items-center">
        <span aria-label={t(isIn ? 'messages.in' : 'messages.out')}>{isIn ? '←' : '→'}</span>
        <span>{isIn ? message.fromWa : message.toWa}</span>
        <span className="text-soft">{`${message.kind} · ${timeOfDay(message.createdAt, language, 'seconds')}`}</span>
        {message.leadId && <Link href={`/leads/${message.leadId}`}>{message.leadName ?? t('leads.unnamed')}</Link>}
        {!isIn && <span className={`pill ${LOOK[message.deliveryStatus] ?? 'idle'}`}>{message.deliveryStatus}</span>}
      </p>
      <p className="text-soft break-words line-clamp-2">{message.editedBody ?? message.body}</p>
      {message.deliveryError && <p className="text-bad break-words">{message.deliveryError}</p>}
    </li>
  )
}
