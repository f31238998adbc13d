// A table of figures, which can be saved as CSV.
import { useWords } from '../app/words'
import { saveCsv } from './csv'

export function Table({ caption, heads, rows }: { caption: string; heads: string[]; rows: [string, string[]][] }) {
  const { t } = useWords()
  return (
    <div className="card mb-5 overflow-x-auto" tabIndex={0} role="region" aria-label={caption}>
      <table className="w-full text-sm">
        <caption className="text-left px-4 py-2 font-semibold">
          {caption}
          <button type="button" className="ghost ml-3 font-normal" onClick={() => saveCsv(caption, heads, rows)}>
            {t('figures.csv')}
          </button>
        </caption>
        <thead>
          <tr className="text-soft">
            <td className="px-4 py-2" />
            {heads.map((head) => (
              <th key={head} scope="col" className="px-3 py-2 text-right font-normal">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, cells], index) => (
            <tr key={`${name}${index}`} className="border-t border-line">
              <th scope="row" className="px-4 py-2 text-left font-normal">
                {name}
              </th>
              {cells.map((cell, column) => (
                <td key={heads[column]} className="px-3 py-2 text-right">
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
