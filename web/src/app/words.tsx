// Languages: a typed dictionary, Indonesian unless the reader chose English.
import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from 'react'
import { id } from './words.id'

export type Language = 'id' | 'en'
export type Key = keyof typeof id
type Values = Record<string, string | number>
export type Say = (key: Key, values?: Values) => string

const STORED = 'desk.language'

function say(words: Record<Key, string>): Say {
  return (key, values) => words[key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values?.[name] ?? whole))
}

const Words = createContext<{ t: Say; language: Language; choose: (language: Language) => void }>({
  t: say(id),
  language: 'id',
  choose: () => {},
})

export function WordsProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState<Language>(localStorage.getItem(STORED) === 'en' ? 'en' : 'id')
  const [words, setWords] = useState<Record<Key, string>>(id)
  useEffect(() => {
    document.documentElement.lang = language
    if (language === 'id') setWords(id)
    else void import('./words.en').then((module) => setWords(module.en))
  }, [language])
  const value = useMemo(
    () => ({
      t: say(words),
      language,
      choose: (chosen: Language) => {
        localStorage.setItem(STORED, chosen)
        setLanguage(chosen)
      },
    }),
    [words, language],
  )
  return <Words.Provider value={value}>{children}</Words.Provider>
}

export const useWords = () => useContext(Words)
