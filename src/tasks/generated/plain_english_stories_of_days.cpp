#include "tasks/generated/sentences.h"

namespace frugal::tasks {

std::vector<Sentence> plain_english_stories_of_days() {
  return {
      {"A [bakery|baker|cafe] [sold|delivered|wrapped] {A} [baguettes|croissants|pretzels|muffins] "
       "before noon and {B} after it. [How many in all|What was the total]?",
       "A+B"},
      {"The [nurse|vet|dentist] [saw|treated|examined] {A} patients in the first shift and {B} in "
       "the second. How many [patients was that|did that make]?",
       "A+B"},
      {"{A} [lambs|calves|piglets|foals] were born on the farm in spring and {B} in autumn. How "
       "many [births does that make|newborns is that]?",
       "A+B"},
      {"There are {A} [sheep|goats|ducks] [in the barn|behind the fence] and {B} [on the meadow|by "
       "the pond]. How many [animals overall|does the farmer own]?",
       "A+B"},
      {"A [ferry|tram|coach|minibus] carries {A} [passengers|tourists]. {B} [get on|climb "
       "aboard|step in]. How many are on board [now|then]?",
       "A+B"},
      {"The [phone|tablet|laptop] was at {A} percent and [gained|charged|went up by] {B} percent. "
       "What does the screen show?",
       "A+B"},
      {"The thermometer [stood at|showed] {A} degrees and then [rose|climbed|went up] {B} degrees. "
       "How warm was it [then|in the end]?",
       "A+B"},
      {"A [choir|band|drama club] has {A} members, and {B} [beginners|newcomers] [join|sign up|are "
       "taken in]. How many members does it have then?",
       "A+B"},
      {"My cousin [swam|jogged|rowed|skated] {A} laps, [rested|took a break|drank water] and did "
       "{B} more. How many laps altogether?",
       "A+B"},
      {"The museum [welcomed|counted|let in] {A} visitors on Saturday and {B} on Sunday. How many "
       "[over the weekend|altogether]?",
       "A+B"},
      {"The zoo keeps {A} [penguins|flamingos|monkeys|seals]. {B} more [arrive|are rescued|are "
       "born]. How many does it keep now?",
       "A+B"},
      {"Somebody's grandmother [knitted|sewed|mended] {A} [scarves|mittens|aprons] last year and "
       "{B} this year. How many does that make?",
       "A+B"},
      {"How many [parcels|letters|postcards] [were posted|came in] if it was {A} on the first day "
       "and {B} on the next?",
       "A+B"},
      {"A beekeeper [filled|keeps|stored] {A} [jars|pots] of dark honey and {B} of light honey. "
       "How many in total?",
       "A+B"},
      {"{N} takes {A} [pills|tablets|drops] in the morning and {B} at night. How many a day?",
       "A+B"},
      {"The taxi [has driven|has gone] {A} km since breakfast, and the driver does another {B}. "
       "How many km is that overall?",
       "A+B"},
      {"There were {A} litres of [petrol|diesel|water] in the tank, and [the driver|my aunt|we] "
       "[added|poured in|pumped in] {B}. How many litres are in it [now|after that]?",
       "A+B"},
      {"[I|We|They] [washed|ironed|folded|hung up] {A} [shirts|towels|sheets] and {B} "
       "[socks|napkins|trousers]. How many pieces of laundry was that?",
       "A+B"},
      {"For the birthday {A} [balloons|lanterns|ribbons] were hung up, and {B} more [were "
       "added|turned up|were found]. How many were there then?",
       "A+B"},
      {"The [concert|match|lecture|film] lasted {A} minutes, plus {B} minutes [extra|at the end]. "
       "How long was it [all together|overall]?",
       "A+B"},
      {"My family fasted for {A} days, [had a pause|fell ill] and then fasted {B} days more. How "
       "many days of fasting is that?",
       "A+B"},
      {"The pool had {A} swimmers when {B} [jumped in|dived in|came along]. How many [were in it "
       "then|is that]?",
       "A+B"},
      {"The [mason|builder|bricklayer] laid {A} [bricks|tiles|slabs] yesterday and {B} today. How "
       "many so far?",
       "A+B"},
      {"We [pitched|put up|rented] {A} tents by the [river|lake] and {B} [in the woods|on the "
       "hill]. How many tents overall?",
       "A+B"},
      {"A [rope|hose|cable|ribbon] of {A} metres is [tied|joined|fixed] to one of {B} metres. How "
       "long are they together?",
       "A+B"},
      {"Two brothers went fishing. The elder [caught|landed|hooked] {A} and the younger {B}. How "
       "many fish [do they bring home|altogether]?",
       "A+B"},
      {"A [haircut|room|taxi ride|ticket] cost {A} dollars and [became|got] {B} dollars "
       "[dearer|more expensive]. What does it cost [now|these days]?",
       "A+B"},
      {"A [goat|dog|calf] weighs {A} kilos. A [pig|pony|donkey] is {B} kilos heavier. How much "
       "does the heavier one weigh?",
       "A+B"},
      {"{N} [used up|gave away|threw away] {A} [stamps|nails|envelopes|batteries] and had {B} "
       "left. How many did <he|she> have [at the start|at first]?",
       "A+B"},
      {"After {A} [guests|dancers|players] had [left|gone], {B} were still in the hall. How many "
       "had there been [before|at the start]?",
       "A+B"},
      {"The shop [sold|returned|broke] {A} [umbrellas|lamps|vases] and still has {B}. How many "
       "were there to begin with?",
       "A+B"},
      {"A [kite|drone|balloon] was {A} metres up and [rose|climbed] {B} metres. How high is it?",
       "A+B"},
      {"An elevator on floor {A} goes {B} floors up. On which floor does it stop?", "A+B"},
      {"{N} [downloaded|saved|received] {A} [photos|videos|songs] last night and {B} this morning. "
       "How many files is that?",
       "A+B"},
      {"In the car park stand {A} [cars|vans|motorbikes]. {B} more [pull in|park|drive in]. How "
       "many vehicles are there now?",
       "A+B"},
      {"The [scouts|neighbours] [gathered|picked up|recycled] {A} [cans|bottles|cartons], then {B} "
       "more. How many pieces of rubbish overall?",
       "A+B"},
      {"{N} practised the [violin|piano|drums] for {A} minutes and [sang|danced|rehearsed] for "
       "{B}. How many minutes in total?",
       "A+B"},
      {"The gardener [planted|watered|dug up] {A} [tulips|lettuces|shrubs] and the helper {B}. How "
       "many did they do together?",
       "A+B"},
      {"Grandpa's [pulse|heart rate] was {A}. After the [stairs|walk] it was {B} higher. What was "
       "it then?",
       "A+B"},
      {"What do a [kettle|helmet|scarf] for {A} euros and a [pan|belt|lamp] for {B} euros cost "
       "together?",
       "A+B"},
      {"{N} [donated|gave|offered] {A} euros to a [school|mosque|charity], and {M} {B}. How much "
       "did they give in all?",
       "A+B"},
      {"It rained {A} mm on Monday and {B} mm on Tuesday. How much rain fell?", "A+B"},
      {"{N} owes {A} dollars to the [grocer|butcher] and {B} to the [tailor|plumber]. What is the "
       "whole debt?",
       "A+B"},
      {"A bakery baked {A} [rolls|bagels|loaves|doughnuts]. It [sold|gave out|burned|threw "
       "out|dropped] {B}. How many [remain|are left on the shelf]?",
       "A-B"},
      {"Of {A} patients at the [clinic|hospital|dentist's], {B} have been [called in|treated|sent "
       "home]. How many [still wait|are still there]?",
       "A-B"},
      {"A farmer had {A} [sheep|cows|goats|turkeys]. {B} [ran off|were sold|escaped|were stolen]. "
       "How many [stayed|does the farmer still own]?",
       "A-B"},
      {"A [ferry|tram|coach|minibus] carries {A} [passengers|tourists]. {B} [get off|step "
       "out|leave it]. How many are on board [now|then]?",
       "A-B"},
      {"The [phone|tablet|laptop] was at {A} percent, and a [call|game|film] [used "
       "up|drained|took] {B} percent. What does the screen show?",
       "A-B"},
      {"The thermometer [stood at|showed] {A} degrees and then [fell|dropped|sank] {B} degrees. "
       "How warm was it [then|in the end]?",
       "A-B"},
      {"A [choir|band|drama club] has {A} members, but {B} [quit|move away|fall ill]. How many "
       "[remain|can perform]?",
       "A-B"},
      {"My cousin wants to [swim|jog|row|skate] {A} laps and has done {B}. How many laps [are "
       "missing|remain|are still to go]?",
       "A-B"},
      {"The museum [welcomed|counted|let in] {A} visitors on Saturday and {B} on Sunday. How many "
       "more came on Saturday?",
       "A-B"},
      {"The zoo kept {A} [penguins|flamingos|monkeys|seals]. {B} [were moved|went to another "
       "zoo|died]. How many does it keep now?",
       "A-B"},
      {"My grandmother [knitted|sewed] {A} [scarves|mittens|aprons] and [donated|handed out|sold] "
       "{B}. How many has she kept?",
       "A-B"},
      {"The postman had {A} [parcels|letters] and [delivered|handed over|lost|dropped off] {B}. "
       "How many are still in the van?",
       "A-B"},
      {"A beekeeper stored {A} jars of honey. {B} [cracked|were eaten|went to neighbours]. How "
       "many jars are left of it?",
       "A-B"},
      {"There were {A} [pills|tablets|plasters] in the pack. {N} [took|used|swallowed] {B}. How "
       "many are still in it?",
       "A-B"},
      {"The taxi ride is {A} km long and {B} km are [done|behind us]. How many km are still to go?",
       "A-B"},
      {"There were {A} litres of [petrol|diesel] in the tank, and the [trip|tractor|generator] "
       "[burned|consumed|used] {B}. How many litres are in it [now|after that]?",
       "A-B"},
      {"{A} [shirts|towels|sheets] were in the basket. {B} are [dry|ironed|folded]. How many are "
       "not yet?",
       "A-B"},
      {"For the birthday {A} [balloons|lanterns|ribbons] were hung up, and {B} [burst|fell "
       "down|were taken down]. How many were there then?",
       "A-B"},
      {"The [film|match|concert|lecture] is {A} minutes long and {B} minutes are over. How much "
       "longer does it [last|go on]?",
       "A-B"},
      {"{B} of the {A} days of [the fasting month|the holidays|camp] [have passed|are over|are "
       "behind us]. How many days are to come?",
       "A-B"},
      {"The pool had {A} swimmers when {B} [got out|climbed out|went to shower]. How many [were in "
       "it then|is that]?",
       "A-B"},
      {"The [mason|builder|bricklayer] needs {A} [bricks|tiles|slabs] and [has brought|has|found] "
       "{B}. How many more are needed?",
       "A-B"},
      {"From a [rope|hose|cable|ribbon] of {A} metres somebody [cuts off|snips off|takes] {B} "
       "metres. How long is the rest?",
       "A-B"},
      {"One [rope|river|bridge|scarf] is {A} metres long, another {B}. How much longer is the "
       "first one?",
       "A-B"},
      {"Two brothers went fishing. The elder [caught|landed|hooked] {A} and the younger {B}. How "
       "many more did the elder get?",
       "A-B"},
      {"A [haircut|room|taxi ride|ticket] cost {A} dollars and [became|got] {B} dollars cheaper. "
       "What does it cost [now|these days]?",
       "A-B"},
      {"A [pig|pony|donkey] weighs {A} kilos and a [goat|dog|calf] {B}. How much heavier is the "
       "first animal?",
       "A-B"},
      {"{N} got {B} more [stamps|nails|envelopes|batteries] and now has {A}. How many did <he|she> "
       "have [at the start|at first]?",
       "A-B"},
      {"After {B} [guests|dancers|players] had [joined|come in], {A} were in the hall. How many "
       "had there been [before|at the start]?",
       "A-B"},
      {"A [kite|drone|balloon] was {A} metres up and [sank|came down|dropped] {B} metres. How high "
       "is it?",
       "A-B"},
      {"An elevator on floor {A} goes {B} floors down. On which floor does it stop?", "A-B"},
      {"{N} had {A} [photos|videos|songs] on the phone and [deleted|erased|removed] {B}. How many "
       "files [remain|are still there]?",
       "A-B"},
      {"The car park has {A} spaces and {B} are [taken|full|occupied]. How many cars can still "
       "park?",
       "A-B"},
      {"The class needs {A} [cans|bottles|corks] and has [gathered|picked up|collected] {B}. How "
       "many more are needed?",
       "A-B"},
      {"{A} [tulips|lettuces|shrubs] grew here, but {B} [froze|wilted|dried up|were pulled out]. "
       "How many [survived|are left]?",
       "A-B"},
      {"Grandpa's [pulse|heart rate] was {A} after the [stairs|walk] and {B} at rest. How much "
       "higher was it?",
       "A-B"},
      {"How much cheaper is a [kettle|helmet|scarf] for {B} euros than a [pan|belt|lamp] for {A} "
       "euros?",
       "A-B"},
      {"{N} owed the [grocer|tailor|plumber] {A} dollars and [paid back|returned|paid off] {B}. "
       "How much does <he|she> still owe?",
       "A-B"},
      {"What is left of {A} [metres of cloth|litres of milk|kilos of flour] when {B} are [used "
       "up|sold|gone]?",
       "A-B"},
      {"{N} wants a [guitar|tent|bike] for {A} dollars but has only {B}. How many dollars are "
       "[missing|still needed]?",
       "A-B"},
      {"A [fisherman|cook] had {A} [crabs|shrimps|mussels] and [ate|let go|fried|gave his wife] "
       "{B}. How many were left?",
       "A-B"},
      {"{N} invited {A} [guests|friends|relatives] and {B} [cancelled|did not come|said no]. How "
       "many came?",
       "A-B"},
      {"{N} opened the shop {A} years ago and {M} {B} years ago. How many years earlier did {N} "
       "open?",
       "A-B"},
      {"The baker fills {A} trays with {B} [rolls|buns|cookies|muffins] each. How many does that "
       "make?",
       "A*B"},
      {"The [nurse|vet|barber] sees {A} [patients|people] an hour. How many in {B} hours?", "A*B"},
      {"Each [ewe|cat|rabbit|sow] on the farm has {A} young. How many young do {B} of them have?",
       "A*B"},
      {"{A} [minibuses|boats|vans] leave with {B} [tourists|pupils|players] each. How many people "
       "[travel|are on the way] altogether?",
       "A*B"},
      {"{N} takes {A} [pills|tablets|drops] a day. How many does <he|she> need for {B} days?",
       "A*B"},
      {"A [tap|pipe|hose] [loses|wastes|leaks] {A} litres an hour. How much is [lost|gone] after "
       "{B} hours?",
       "A*B"},
      {"The [tractor|bus|generator] [burns|uses|needs] {A} litres of diesel a day. How many litres "
       "is that in {B} days?",
       "A*B"},
      {"The choir stands in {A} rows of {B} [singers|voices]. How many people sing?", "A*B"},
      {"My cousin [swims|jogs|rows] {A} laps at each training. How many laps are {B} trainings?",
       "A*B"},
      {"[A museum|A zoo|A cinema] ticket is {A} euros. What does a [class|group|family] of {B} "
       "pay?",
       "A*B"},
      {"Every [seal|penguin|bear] at the zoo [eats|gets|swallows] {A} fish a day. How many fish do "
       "{B} of them need?",
       "A*B"},
      {"Grandmother [knits|sews|mends] {A} [scarves|aprons|mittens] a month. How many does she "
       "finish in {B} months?",
       "A*B"},
      {"The postman [brings|delivers|drops off] {A} letters at each of {B} houses. How many "
       "letters is that overall?",
       "A*B"},
      {"Each hive [gives|yields] {A} jars of honey. What do {B} hives give?", "A*B"},
      {"A taxi driver makes {A} [trips|rides] at {B} dollars each. How much money [does that "
       "bring|comes in]?",
       "A*B"},
      {"Petrol costs {A} coins a litre. What do I pay for {B} litres?", "A*B"},
      {"[We|They] [washed|ironed|dried] {A} loads of laundry with {B} shirts in each. How many "
       "shirts was that?",
       "A*B"},
      {"Every guest at the birthday gets {A} [balloons|candies|stickers]. How many are needed for "
       "{B} guests?",
       "A*B"},
      {"A [song|dance|piece] lasts {A} minutes and is [played|performed|shown] {B} times. How many "
       "minutes in total?",
       "A*B"},
      {"In the fasting month we [eat|share] {A} dates every evening. How many dates in {B} "
       "evenings?",
       "A*B"},
      {"A wall is {A} [bricks|stones|tiles] long and {B} high. How many are in it?", "A*B"},
      {"{A} tents [sleep|hold|take] {B} campers each. How many campers can stay overall?", "A*B"},
      {"The tailor needs {A} [buttons|metres of cloth|ribbons] for one dress. How many for {B} "
       "dresses?",
       "A*B"},
      {"A fisherman [catches|lands|sells] {A} fish a day. How many does that make in {B} days?",
       "A*B"},
      {"Parking costs {A} coins an hour. [We stay|The van stands there] {B} hours. What is the "
       "price?",
       "A*B"},
      {"{N}'s phone gets {A} [messages|calls|emails] an hour. How many arrive in {B} hours?",
       "A*B"},
      {"A truck [carries|brings|unloads] {A} pallets of {B} [sacks|crates|barrels]. How many is "
       "that overall?",
       "A*B"},
      {"How many eggs does the cook [need|crack|use] for {B} cakes if each takes {A}?", "A*B"},
      {"The shop pays {A} cents for each [can|bottle] we return. We return {B}. How many cents do "
       "we get?",
       "A*B"},
      {"{N} [scored|shot] {A} goals in every match. How many goals in {B} matches?", "A*B"},
      {"The tower has {A} floors with {B} steps each. How many steps are there?", "A*B"},
      {"A [garden|carpet|room] is {A} metres long and {B} metres wide. What is its area?", "A*B"},
      {"The [pony|calf|puppy] weighs {A} kilos and its mother three times as much. What does the "
       "mother weigh?",
       "A*3"},
      {"The baker puts {A} [rolls|buns|muffins] on {B} trays, the same number on each. How many "
       "are on a tray?",
       "A/B"},
      {"{A} [tourists|pupils|players] travel in {B} [minibuses|boats|vans], equally many in each. "
       "How many are in each one?",
       "A/B"},
      {"{N} takes {B} pills a day. How many days do {A} pills last?", "A/B"},
      {"The nurse [hands out|gives] {A} [masks|plasters|pills] equally to {B} patients. What does "
       "each get?",
       "A/B"},
      {"{A} singers stand in rows of {B}. How many rows are there?", "A/B"},
      {"{N} pays {A} dollars for {B} litres of [petrol|paint|oil]. What is the price of a litre?",
       "A/B"},
      {"A rope of {A} metres is cut into {B} equal [pieces|parts]. How long is each piece?", "A/B"},
      {"{A} litres of [honey|juice|milk] are [poured|filled] into {B} [jars|jugs|cans] evenly. How "
       "many litres are in each?",
       "A/B"},
      {"How many tents do {A} campers need if {B} sleep in one?", "A/B"},
      {"{N} swam {A} laps in {B} days, the same number every day. How many laps a day?", "A/B"},
      {"{B} brothers [split|share] the [bill|prize|rent] of {A} dollars evenly. How much is that "
       "for each?",
       "A/B"},
      {"The tailor has {A} [buttons|metres of cloth|ribbons], and a dress needs {B}. How many "
       "dresses can be made?",
       "A/B"},
      {"The van drives {A} km at {B} km per hour. How many hours does it take?", "A/B"},
      {"[Three|The three] fishermen [share|divide] {A} fish equally. How many fish [for each|does "
       "each take home]?",
       "A/3"},
      {"The elder sister is {A} years old, twice as old as the younger. How old is the younger?",
       "A/2"},
      {"{A} [parcels|bricks|crates] must be moved, {B} at a time. How many trips is that?", "A/B"},
      {"The baker fills {A} trays with {B} [rolls|buns|muffins] each and has {C} left over. How "
       "many is that in all?",
       "A*B+C"},
      {"A taxi costs {C} dollars to start and {A} for each km. What do {B} km cost?", "A*B+C"},
      {"{A} [minibuses|boats] with {B} tourists each [arrive|land], and {C} people come on foot. "
       "How many come in all?",
       "A*B+C"},
      {"The baker fills {A} trays with {B} [rolls|buns|muffins] each, but {C} [burn|fall down|are "
       "eaten]. How many are left?",
       "A*B-C"},
      {"The farmer [picks|loads] {A} baskets of {B} [melons|peaches|plums] and throws away {C} "
       "rotten ones. How many are good?",
       "A*B-C"},
      {"{N} works {A} hours at {B} dollars an hour and pays {C} dollars for the bus. What is left "
       "of it?",
       "A*B-C"},
      {"The tank has {C} litres of diesel and the tractor burns {A} a day. What is left after {B} "
       "days?",
       "C-A*B"},
      {"There are {C} pills in the pack. {N} takes {A} a day for {B} days. How many remain?",
       "C-A*B"},
      {"{N} pays for {A} [stamps|tickets|scarves] at {B} dollars each with {C} dollars. How much "
       "change is there?",
       "C-A*B"},
      {"A tram has {A} passengers. {B} [get on|climb aboard] and {C} [get off|step out]. How many "
       "are on board?",
       "A+B-C"},
      {"{N} baked {A} buns and {M} {B}. The [class|guests|neighbours] ate {C}. What is left of "
       "them?",
       "A+B-C"},
      {"The thermometer showed {A} degrees, rose {B} and then fell {C}. What did it show in the "
       "end?",
       "A+B-C"},
      {"A tram has {A} passengers. {B} [get off|step out] and {C} [get on|climb aboard]. How many "
       "are on board?",
       "A-B+C"},
      {"A farmer had {A} goats, sold {B}, and then {C} [kids were born|more were bought]. How many "
       "goats are there now?",
       "A-B+C"},
      {"The phone was at {A} percent, lost {B} and was charged by {C}. What does the screen show?",
       "A-B+C"},
      {"A beekeeper had {A} jars of honey, sold {B} and [broke|ate|gave away] {C}. How many are "
       "left?",
       "A-B-C"},
      {"Of {A} [guests|tourists|players], {B} left at noon and {C} in the evening. How many "
       "stayed?",
       "A-B-C"},
      {"{N} had {A} photos and deleted {B} today and {C} yesterday. How many remain?", "A-B-C"},
      {"{N} swam {A} laps on Monday, {B} on Tuesday and {C} on Friday. What is the total?",
       "A+B+C"},
      {"The zoo has {A} seals, {B} penguins and {C} bears. How many animals is that?", "A+B+C"},
      {"{N} ironed {A} shirts and {B} sheets, and {M} ironed {C} towels. How many pieces "
       "altogether?",
       "A+B+C"},
      {"The postman brings {A} letters and {B} parcels every day. How many things in {C} days?",
       "(A+B)*C"},
      {"A ticket is {A} euros and lunch {B} euros. What do {C} [visitors|pupils|nurses] pay for "
       "both?",
       "(A+B)*C"},
      {"Of {A} workers {B} are ill. Each of the others lays {C} bricks. How many bricks is that?",
       "(A-B)*C"},
      {"{N} picked {A} plums and {M} {B}. They fill {C} bowls evenly. How many plums are in each "
       "bowl?",
       "(A+B)/C"},
      {"A cook has {A} eggs and {B} are broken. Each cake takes {C}. How many cakes can be baked?",
       "(A-B)/C"},
      {"The elder brother caught {A} fish and the younger {B} more than him. How many fish "
       "altogether?",
       "A+A+B"},
      {"A kettle costs {A} euros and a pan is {B} euros cheaper. What do both cost?", "A+A-B"},
      {"We buy {A} stamps at {B} cents and {C} cards at {D} cents. What do we pay overall?",
       "A*B+C*D"},
      {"How tall is a [poplar|ladder|statue] that is {B} metres taller than a [hut|fence|bus stop] "
       "of {A} metres?",
       "A+B"},
      {"How much time does {N} need for {A} minutes of [sewing|weeding|dusting] and {B} minutes of "
       "[sweeping|ironing|packing]?",
       "A+B"},
      {"How many [chairs|spoons|blankets] are short if {A} are [required|wanted] and {B} are [on "
       "hand|at home]?",
       "A-B"},
      {"{N} needs {A} minutes to the airport and {M} only {B}. How many minutes faster is {M}?",
       "A-B"},
      {"What do {B} [nights|days] in a [hotel|hostel|guest house] come to at {A} euros each?",
       "A*B"},
      {"{A} [tulips|roses|lilies] are tied into bunches of {B}. How many bunches are there?",
       "A/B"},
      {"How much does one [stamp|bulb|sandwich] cost if {B} of them cost {A} coins?", "A/B"},
      {"A camper walks {A} km a day for {B} days and {C} km on the last one. How many km overall?",
       "A*B+C"},
      {"The choir has {A} rows of {B} singers, but {C} are ill. How many sing?", "A*B-C"},
      {"A printer makes {A} pages a minute for {B} minutes, and {C} are spoilt. How many are good?",
       "A*B-C"},
      {"A wall needs {C} bricks. {N} lays {A} an hour for {B} hours. How many more are needed?",
       "C-A*B"},
      {"A lamp costs {A} dollars, now {B} dollars less. What do {C} such lamps cost now?",
       "(A-B)*C"},
      {"{N} owes {A} dollars, pays {B} at once and {C} a week. How many weeks until it is paid "
       "off?",
       "(A-B)/C"}};
}

}  // namespace frugal::tasks
