import { systemClock } from '../../../core/clock.ts'
import { expect, test } from 'vitest'
import { checkModel, firstShare, requiredShare } from '../../../reference-server/index.ts'
import { checkTopics } from '../../../reference-server/model/check/index.ts'

test('the check asks at least sixty questions in both languages, ten candidates each', () => {
  const questions = checkTopics.flatMap(({ language, cases }) => cases.map(() => language))
  expect(questions.length).toBeGreaterThanOrEqual(60)
  expect(questions.filter((language) => language === 'English').length).toBeGreaterThanOrEqual(30)
  expect(questions.filter((language) => language === 'Chinese').length).toBeGreaterThanOrEqual(30)
  for (const { cases } of checkTopics) expect(cases).toHaveLength(10)
})

test('the embedded model puts the relevant passage first in nine of ten questions', async () => {
  const outcomes = await checkModel(
    'embedded',
    { device: 'cpu' },
    { clock: systemClock, log: () => undefined },
  )
  expect(outcomes).toHaveLength(checkTopics.length * 10)
  expect(requiredShare).toBe(0.9)
  for (const language of ['English', 'Chinese', 'mixed']) {
    const some = outcomes.filter((outcome) => outcome.language === language)
    expect(firstShare(some)).toBeGreaterThanOrEqual(requiredShare)
  }
})
