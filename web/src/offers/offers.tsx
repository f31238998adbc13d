// My offers: one decision for each card. Taking and passing are the same operations as an OK and a LEWATI by chat.
import type { MyOffer, OfferAnswer } from '@client'
import { passOffer, takeOffer } from '@client'
import { changeAvailabilityMutation, myOffersQueryKey } from '@client/hooks'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'wouter'
import { serverTime, timeOfDay, useServerTime } from '../app/clock'
import { myOffersOptions } from '../app/early'
import { announce, Failed, Heading, Loading } from '../app/parts'
import { Ring } from '../app/ring'
import type { User } from '../app/session'
import { useWords } from '../app/words'

type Answered = { offer: MyOffer; answer: OfferAnswer }

export function OffersScreen({ user }: { user: User }) {
  const { t } = useWords()
  const mine = useQuery(myOffersOptions)
  const [answered, setAnswered] = useState<Answered[]>([])
  if (mine.isPending) return <Loading />
  if (mine.isError && !mine.data) return <Failed error={mine.error} again={() => void mine.refetch()} />
  const data = mine.data
  const done = new Set(answered.map((one) => one.offer.attemptId))
  const open = data.offers.filter((offer) => !done.has(offer.attemptId))
  const put = (one: Answered) => setAnswered((before) => [one, ...before.filter((other) => other.offer.attemptId !== one.offer.attemptId)])
  return (
    <div className="max-w-md mx-auto flex flex-col gap-4">
      <Heading>{t('offers.title')}</Heading>
      {answered.map((one) => (
        <Result key={one.offer.attemptId} {...one} close={() => setAnswered((all) => all.filter((other) => other !== one))} />
      ))}
      {open.map((offer) => (
        <Offer key={offer.attemptId} offer={offer} done={put} />
      ))}
      {open.length === 0 && (
        <div className="card p-6 text-center">
          <p className="font-semibold">{t('offers.none')}</p>
          <p className="text-soft">{t('offers.noneHint')}</p>
        </div>
      )}
      <Standing user={user} onDuty={data.onDuty} awayUntil={data.awayUntil} />
      {data.places.length === 0 && <p className="text-soft text-sm text-center">{t('offers.noPlace')}</p>}
      {data.places.map((place) => (
        <p key={place.queue} className="text-soft text-sm text-center">
          {t('offers.place', place)}
        </p>
      ))}
    </div>
  )
}

function Offer({ offer, done }: { offer: MyOffer; done: (answered: Answered) => void }) {
  const { t, language } = useWords()
  const queries = useQueryClient()
  const now = useServerTime()
  const answering = useMutation({
    mutationFn: async (verb: 'take' | 'pass') => {
      const send = verb === 'take' ? takeOffer : passOffer
      return (await send({ path: { id: offer.attemptId }, throwOnError: true })).data
    },
    onSuccess: (answer) => {
      done({ offer, answer })
      announce(answer.outcome === 'accepted' ? t('offers.yours') : t('offers.over'))
      void queries.invalidateQueries({ queryKey: myOffersQueryKey() })
    },
  })
  const facts: [string, string | undefined][] = [
    [t('offers.project'), offer.project],
    [t('offers.area'), offer.area],
    [t('offers.source'), offer.sourceAds],
    [t('offers.past'), offer.past],
    [t('offers.code'), offer.code],
  ]
  return (
    <article className="card p-5 text-center rounded-[20px]" aria-label={offer.name} data-offer={offer.attemptId}>
      <div className="grid place-items-center mb-3">
        <Ring big from={offer.assignedAt} until={offer.ackDeadlineAt} stopped={offer.frozen} />
      </div>
      <h2 className="text-xl font-semibold tracking-tight">{offer.name}</h2>
      {offer.round === 'last_round' && <p className="pill warn inline-block mt-1">{t('offers.lastRound')}</p>}
      <dl className="grid grid-cols-[auto_1fr] gap-x-3.5 gap-y-1 text-left my-3.5 text-sm">
        {facts.map(([name, value]) => value && [<dt key={name} className="text-soft">{name}</dt>, <dd key={`${name}=`} className="m-0 break-words">{value}</dd>])}
      </dl>
      {offer.words.length > 0 && (
        <div className="bg-bg rounded-xl rounded-bl-[3px] px-3 py-2.5 text-left text-sm mb-4 whitespace-pre-wrap break-words">{offer.words.join('\n')}</div>
      )}
      {answering.isError && <Failed error={answering.error} />}
      <button type="button" className="primary w-full !min-h-[54px] text-[17px] mt-1" disabled={answering.isPending} onClick={() => answering.mutate('take')}>
        {t('offers.take')}
      </button>
      <button type="button" className="w-full min-h-[46px] mt-1 text-soft" disabled={answering.isPending} onClick={() => answering.mutate('pass')}>
        {t('offers.pass')}
      </button>
      <p className="text-soft text-[13px] mt-1">
        {offer.frozen
          ? t('offers.frozen')
          : Date.parse(offer.ackDeadlineAt) <= now
            ? t('offers.over')
            : t('offers.deadline', { time: timeOfDay(offer.ackDeadlineAt, language, 'seconds') })}
      </p>
    </article>
  )
}

/** The same card after the answer: the client's number, or who has the lead. */
function Result({ offer, answer, close }: Answered & { close: () => void }) {
  const { t } = useWords()
  const lead = answer.lead
  return (
    <article className="card p-5 text-center rounded-[20px]" data-outcome={answer.outcome}>
      {lead ? (
        <>
          <p className="pill ok inline-block">{t('offers.yours')}</p>
          <h2 className="text-xl font-semibold tracking-tight mt-2">{lead.name ?? offer.name}</h2>
          <p className="text-lg mb-3">{lead.phone}</p>
          <div className="grid gap-2">
            {answer.chatLink && (
              <a className="primary content-center no-underline" href={answer.chatLink} target="_blank" rel="noreferrer">
                {t('offers.chat')}
              </a>
            )}
            {lead.phone && (
              <a className="ghost content-center no-underline" href={`tel:${lead.phone}`}>
                {t('offers.call')}
              </a>
            )}
            <Link className="ghost content-center no-underline" href={`/leads/${lead.id}`}>
              {t('offers.open')}
            </Link>
          </div>
        </>
      ) : (
        <>
          <h2 className="text-xl font-semibold">{offer.name}</h2>
          <p className="text-soft my-2">
            {answer.outcome === 'declined'
              ? t('offers.passed')
              : answer.owner
                ? t('offers.lateOwner', { name: answer.owner })
                : answer.outcome === 'late'
                  ? t('offers.late')
                  : t('offers.over')}
          </p>
        </>
      )}
      <button type="button" className="mt-2 min-h-[44px] px-4 text-soft" onClick={close}>
        {t('offers.done')}
      </button>
    </article>
  )
}

function Standing({ user, onDuty, awayUntil }: { user: User; onDuty: boolean; awayUntil: string | undefined }) {
  const { t, language } = useWords()
  const queries = useQueryClient()
  const changing = useMutation({
    ...changeAvailabilityMutation(),
    onSuccess: () => queries.invalidateQueries({ queryKey: myOffersQueryKey() }),
  })
  const change = (pausedSince: string | null) =>
    // `null` ends the break; the document cannot say so of an optional field.
    changing.mutate({ path: { id: user.id }, body: { pausedSince: pausedSince as string } })
  return (
    <div className="text-center">
      {!onDuty && <p className="pill warn inline-block mb-2">{awayUntil ? t('offers.awayUntil', { time: timeOfDay(awayUntil, language) }) : t('offers.away')}</p>}
      {changing.isError && <Failed error={changing.error} />}
      <div>
        <button type="button" className="ghost" disabled={changing.isPending} onClick={() => change(onDuty ? new Date(serverTime()).toISOString() : null)}>
          {onDuty ? t('offers.pause') : t('offers.resume')}
        </button>
      </div>
    </div>
  )
}
