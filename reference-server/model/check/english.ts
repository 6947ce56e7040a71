import { topic, type CheckTopic } from './topic.ts'

export const english: readonly CheckTopic[] = [
  topic('English', 'serving models', [
    [
      'how does dynamic batching raise throughput',
      'Dynamic batching waits a few milliseconds for further requests and runs them together, which raises the throughput of the GPU because every kernel works on more rows.',
    ],
    [
      'why does padding waste computation',
      'Sequences of different lengths are filled with padding up to the longest one. The model computes those cells as well, and the computation is wasted.',
    ],
    [
      'what is tail latency',
      'The slowest one percent of the requests make up the tail. Tail latency is what a user feels who sends many requests, because one of them is always slow.',
    ],
    [
      'reduce memory with half precision weights',
      'Storing weights in half precision cuts the memory of a model to one half, and most accelerators multiply half precision numbers faster too.',
    ],
    [
      'when should a replica be removed',
      'If utilisation stays low for several minutes although traffic flows, one replica can be removed and the rest of the fleet still carries the load.',
    ],
    [
      'cold start of a container',
      'A container that has just been started must pull its image, load the model and warm up the kernels. This cold start can take minutes.',
    ],
    [
      'how does a circuit breaker protect a backend',
      'A circuit breaker counts failed calls. When too many fail, it opens and answers at once, so that the backend gets time to recover and is protected from retries.',
    ],
    [
      'tokenizer became the bottleneck',
      'With a small model the accelerator is so quick that the tokenizer, which runs on the processor, becomes the bottleneck of the whole service.',
    ],
    [
      'quantization to eight bit integers',
      'Quantization maps floating point weights to eight bit integers. The model shrinks and integer arithmetic is cheap, at the price of a small loss in quality.',
    ],
    [
      'health check endpoint for load balancer',
      'A load balancer asks the health endpoint of each server every few seconds and sends traffic only to those whose check succeeds.',
    ],
  ]),
  topic('English', 'coffee and kitchen', [
    [
      'grind size for espresso',
      'Espresso needs a fine grind: the water passes the coffee in half a minute, and a coarse grind would let it run through without taking up flavour.',
    ],
    [
      'how long can cold brew be stored',
      'Cold brew is steeped for twelve hours and filtered. In a closed bottle in the fridge it can be stored for about ten days before the taste turns stale.',
    ],
    [
      'descale a kettle with vinegar',
      'Lime settles in every kettle. Boil equal parts of vinegar and water, leave it for an hour, rinse twice, and the kettle is descaled.',
    ],
    [
      'why does bread dough need to rest',
      'Bread dough rests so that the gluten relaxes and yeast can produce gas. Without a rest the loaf stays dense and tears in the oven.',
    ],
    [
      'sharpen a kitchen knife on a whetstone',
      'Soak the whetstone, hold the knife at fifteen degrees and draw it along the stone in even strokes until a burr can be felt; then sharpen the other side.',
    ],
    [
      'season a cast iron pan',
      'Rub a thin layer of oil into the cast iron pan and heat it for an hour. The oil hardens to a coat: the pan is seasoned and food no longer sticks.',
    ],
    [
      'substitute for eggs in baking',
      'In baking, an egg can be replaced: ground flax seed with water is a good substitute in cookies, mashed banana works in cakes.',
    ],
    [
      'caffeine in green tea and black tea',
      'A cup of black tea holds about forty milligrams of caffeine, green tea about thirty; the longer the leaves steep, the more caffeine is released.',
    ],
    [
      'freeze fresh herbs',
      'Fresh herbs keep for months when they are chopped, covered with oil in an ice cube tray and put into the freezer.',
    ],
    [
      'boil pasta at high altitude',
      'At high altitude water boils below one hundred degrees, so pasta needs several minutes more than the package says.',
    ],
  ]),
  topic('English', 'health and body', [
    [
      'symptoms of iron deficiency',
      'Iron deficiency shows itself in tiredness, pale skin and brittle nails. These symptoms come slowly, and a blood test gives certainty.',
    ],
    [
      'how much sleep do teenagers need',
      'Teenagers need eight to ten hours of sleep. Their inner clock runs late, so early school hours leave many of them tired.',
    ],
    [
      'treat a sprained ankle',
      'A sprained ankle should be raised and cooled at once and held with a bandage. Most sprains heal within weeks without an operation.',
    ],
    [
      'side effects of vaccination',
      'After a vaccination the arm may hurt and a mild fever may follow. Such side effects fade within two days; serious ones are very rare.',
    ],
    [
      'lower blood pressure without drugs',
      'Less salt, daily walks and fewer drinks lower blood pressure measurably, often enough to do without drugs.',
    ],
    [
      'why do muscles ache after exercise',
      'Muscles ache a day after hard exercise because tiny tears in the fibres become inflamed. They grow back stronger.',
    ],
    [
      'vitamin d and sunlight',
      'The skin makes vitamin D when sunlight falls on it. In winter the sun stands too low in the north, and the level sinks.',
    ],
    [
      'first aid for burns',
      'First aid for burns is lukewarm water for ten minutes. Ice and ointment do harm; a burn larger than a hand belongs into a hospital.',
    ],
    [
      'antibiotics do not work against viruses',
      'Antibiotics attack the cell wall of bacteria. Viruses have none, which is why antibiotics do not work against a cold.',
    ],
    [
      'protect the eyes at a computer screen',
      'Whoever works at a screen blinks less. Looking into the distance every twenty minutes rests the eyes and protects them from drying out.',
    ],
  ]),
]
