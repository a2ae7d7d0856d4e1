#include "tasks/generated/sentences.h"

namespace frugal::tasks {

namespace {

std::vector<Sentence> rates_and_groups() {
  return {
      {"[A|Each|Every|One] [box|bag|basket|carton|pack|packet|crate|jar] [holds|has|contains] {A "
       "T}. How many {T} are in {B} [of them|such ones]?",
       "A*B"},
      {"A box [holds|has] {A T}. How many {T} are [there |]in {B} boxes?", "A*B"},
      {"[Each|One] bag [holds|contains] {A T}. How many {T} [do|are in] {B} bags[ hold|]?", "A*B"},
      {"How many {T} are in {B} boxes [if|when] [each|every|one] box [holds|has] {A}?", "A*B"},
      {"If one [pack|bag|box] has {A T}, how many {T} are in {B} [packs|bags|boxes]?", "A*B"},
      {"There are {A} [boxes|bags|shelves|drawers|plates|trays]. Each [one |]has {B T}. How many "
       "{T} [are there|altogether|in total|in all]?",
       "A*B"},
      {"{N} has {A} [boxes|bags|jars] of {T} with {B} in each. How many {T} is that?", "A*B"},
      {"{N} [put|puts] {B T} into each of {A} [bags|boxes|baskets]. How many {T} [did|does] "
       "<he|she> need?",
       "A*B"},
      {"{A} [children|students|friends|workers] [each |][bring|get|have|carry] {B T} each. How "
       "many {T} are there[ altogether| in total|]?",
       "A*B"},
      {"Each of {A} [children|boys|girls|students|guests] gets {B T}. How many {T} are needed?",
       "A*B"},
      {"[One|A|Each] {t} costs {A} [dollars|euros|coins|cents]. How much do {B T} cost?", "A*B"},
      {"[One|A] {t} costs ${A}. [What is the price of|What do|How much are] {B T}?", "A*B"},
      {"{N} [buys|bought] {B T} [for|at] {A} [dollars|euros|coins] each. How much [does|did] "
       "<he|she> [pay|spend]?",
       "A*B"},
      {"I [buy|bought] {B T} at ${A} each. How much did I [pay|spend][ in total|]?", "A*B"},
      {"What is the cost of {B T} if each {t} costs {A} dollars?", "A*B"},
      {"How much do I pay for {B T} if one costs {A} [dollars|coins]?", "A*B"},
      {"A ticket costs {A} [dollars|coins]. How much do {B} tickets cost?", "A*B"},
      {"{N} [reads|writes|types|translates|studies] {A} pages [a|per|every|each] [day|hour|week]. "
       "How many pages [is that|does <he|she> read] in {B} [days|hours|weeks]?",
       "A*B"},
      {"{N} [runs|walks|cycles|swims|drives] {A} [kilometres|km|miles] [a|every|each|per] "
       "[day|hour]. How far [does <he|she> go|is that] in {B} [days|hours]?",
       "A*B"},
      {"A [car|train|bus|bike|truck] [drives|travels|goes] {A} [km|kilometres|miles] [per|an|in "
       "one] hour. How far does it [go|travel|drive] in {B} hours?",
       "A*B"},
      {"How many kilometres does a [car|train] cover in {B} hours at {A} km per hour?", "A*B"},
      {"{N} [saves|earns|makes|spends] {A} [dollars|euros|coins] [a|per|every|each] "
       "[day|week|month]. How much [is that|does <he|she> have] [after|in] {B} "
       "[days|weeks|months]?",
       "A*B"},
      {"I [save|earn|spend] {A} dollars [a|every|per] [day|week|month]. How much [is that|will it "
       "be] in {B} [days|weeks|months]?",
       "A*B"},
      {"{N} works {A} hours a day. How many hours does <he|she> work in {B} days?", "A*B"},
      {"{N} gets {A} dollars an hour. How much does <he|she> get for {B} hours?", "A*B"},
      {"A [hall|cinema|bus|theatre|plane] has {A} rows of {B} [seats|chairs]. How many "
       "[seats|chairs] are there?",
       "A*B"},
      {"There are {A} rows with {B} [chairs|trees|desks|plants] in each row. How many "
       "[are there|in total]?",
       "A*B"},
      {"{N} plants {A} rows of {B} [trees|flowers|tomatoes]. How many plants are there?", "A*B"},
      {"A [hen|machine|printer|baker|worker] [makes|gives|produces] {A T} [a|per|every] "
       "[day|hour|minute]. How many [is that|does it make] in {B} [days|hours|minutes]?",
       "A*B"},
      {"A [machine|cart|toy] has {A} [wheels|parts|buttons]. How many do {B} of them have?", "A*B"},
      {"{N} drinks {A} [glasses|cups] of [water|tea|milk|coffee] [a|every] day. How many does "
       "<he|she> drink in {B} days?",
       "A*B"},
      {"[One|A] [lesson|film|trip|game] takes {A} minutes. How long do {B} [of them |]take?",
       "A*B"},
      {"It takes {A} minutes to [wash|paint|fix|clean] one [car|chair|window|bike]. How many "
       "minutes for {B}?",
       "A*B"},
      {"{N} has {A} times as many {T} as {M}. {M} has {B}. How many does {N} have?", "A*B"},
      {"{M} has {A T}. {N} has {B} times as many. How many {T} does {N} have?", "A*B"},
      {"{N} has {A T}. {M} has twice as many. How many {T} does {M} have?", "A*2"},
      {"{N} [had|has] {A T} and doubled them. How many {T} does <he|she> have now?", "A*2"},
      {"What is half of {A T}?", "A/2"},
      {"{N} had {A T} and gave [half|half of them] [away|to {M}]. How many are left?", "A/2"},
      {"{A T} are [shared|divided|split] [equally |]among {B} [children|friends|people]. How many "
       "does each get?",
       "A/B"},
      {"{N} [shares|divides|splits] {A T} [equally |]among {B} [friends|children|boxes|bags]. How "
       "many [go to each|does each get|are in each]?",
       "A/B"},
      {"{A T} go into [boxes|bags] of {B}. How many [boxes|bags] are needed?", "A/B"},
      {"{B} {T} cost {A} dollars. How much does one cost?", "A/B"},
      {"How many {T} does each of {B} children get if {A} are shared?", "A/B"}};
}

std::vector<Sentence> one_step() {
  return {
      {"{N} has {A T} and {M} has {B}. How many {T} do they have [together|altogether|in total|in "
       "all]?",
       "A+B"},
      {"{N} has {A T}. {M} has {B T}. How many [do they have together|are there in all]?", "A+B"},
      {"{N} has {A T} and {B U}. How many [things|pieces] [does <he|she> have|is that][ "
       "altogether| in total|]?",
       "A+B"},
      {"There are {A T} and {B U} [on the table|in the box|in the shop]. How many [things "
       "|][altogether|are there|in total]?",
       "A+B"},
      {"There are {A} [boys|girls|men] and {B} [women|teachers|babies] in a [room|school|bus]. How "
       "many people are there?",
       "A+B"},
      {"{N} [bought|ate|sold|read|made|used] {A T} [on Monday|yesterday|in the morning] and {B} "
       "[on Tuesday|today|in the evening]. How many [in total|altogether|is that]?",
       "A+B"},
      {"I [bought|ate|sold|made|used] {A T} yesterday and {B} today. How many [in "
       "total|altogether]?",
       "A+B"},
      {"A {t} costs {A} dollars and a {u} costs {B} dollars. How much [do both cost|is it "
       "together|for both]?",
       "A+B"},
      {"{N} [paid|spent] {A} dollars [for|on] [a book|food|shoes] and {B} [for|on] [a hat|a toy|a "
       "ticket]. How much [did <he|she> spend|was it] [in total|altogether]?",
       "A+B"},
      {"{N} is {A} years old. How old will <he|she> be in {B} years?", "A+B"},
      {"{N} is {A}[ years old|]. {M} is {B} years older. How old is {M}?", "A+B"},
      {"{N} is {A}[ years old|]. {M} is {B} years younger. How old is {M}?", "A-B"},
      {"I am {A} years old. How old will I be [in|after] {B} years?", "A+B"},
      {"I am {A} years old. How old was I {B} years ago?", "A-B"},
      {"{N} is {A} years old. How old was <he|she> {B} years ago?", "A-B"},
      {"{N} is {A} and {M} is {B}[ years old|]. How much older is {N}?", "A-B"},
      {"{N} has {A T}. {M} has {B} more[ than {N}| than <him|her>|]. How many {T} does {M} have?",
       "A+B"},
      {"{N} has {A T}. {M} has {B} [fewer|less][ than {N}|]. How many {T} does {M} have?", "A-B"},
      {"{N} has {A T}, {M} has {B}. How many more does {N} have[ than {M}|]?", "A-B"},
      {"{N} has {A T} and {M} has {B}. What is the difference?", "A-B"},
      {"How many more {T} does {N} have than {M} if {N} has {A} and {M} has {B}?", "A-B"},
      {"{N} [needs|wants] {A T} [but|and] [has|already has|only has] {B}. How many more does "
       "<he|she> need?",
       "A-B"},
      {"I need {A T} and I have {B}. How many [more do I need|are missing]?", "A-B"},
      {"A [book|bike|ball|game|phone] costs {A} dollars. {N} has {B} dollars. How much [more does "
       "<he|she> need|is missing]?",
       "A-B"},
      {"{N} wants to [read|run|save|walk] {A} [pages|km|dollars] and has done {B}. How "
       "[much|many] [is left|remain]?",
       "A-B"},
      {"A [book|story|report] has {A} pages. {N} [has read|read] {B} [of them|pages]. How many "
       "[are left|pages are left|remain]?",
       "A-B"},
      {"A [road|rope|trip|river|ribbon|path] is {A} [km|metres|miles] long. {N} [walked|cut "
       "off|did|drove] {B}. How much is left?",
       "A-B"},
      {"Of {A} [students|children|people|eggs|questions], {B} [are absent|are girls|were "
       "broken|were wrong]. How many [are not|are the others]?",
       "A-B"},
      {"In a class of {A} [students|children], {B} are [boys|girls|sick]. How many are not?",
       "A-B"},
      {"{N} [answered|solved|finished] {B} of {A} [questions|problems|tasks]. How many are left?",
       "A-B"},
      {"{N} [paid|pays] with a {A} dollar [bill|note] for something that costs {B} dollars. How "
       "much change does <he|she> get?",
       "A-B"},
      {"A {t} costs {B} dollars. {N} pays with {A} dollars. How much [change|money] does <he|she> "
       "get back?",
       "A-B"},
      {"The price was {A} dollars and [fell|went down|was cut] by {B}. What is it now?", "A-B"},
      {"The price was {A} dollars and [rose|went up] by {B}. What is [it|the new price]?", "A+B"},
      {"It was {A} degrees in the morning and got {B} degrees [warmer|hotter]. What is the "
       "temperature now?",
       "A+B"},
      {"It was {A} degrees and [got|became] {B} degrees [colder|cooler]. How many degrees is it?",
       "A-B"},
      {"A [film|lesson|game|meeting] lasts {A} minutes. {B} minutes have passed. How many "
       "[minutes are left|more minutes]?",
       "A-B"},
      {"{N} [slept|worked|played|studied] {A} [hours|minutes] [yesterday|on Monday] and {B} "
       "[today|on Tuesday]. How long [altogether|in total]?",
       "A+B"},
      {"{N} walked {A} [km|metres|steps] and [then|later] {B} more. How far did <he|she> walk?",
       "A+B"},
      {"How many {T} [are left|remain] if {N} [had|has] {A} and [gives away|loses|sells|eats] {B}?",
       "A-B"},
      {"How many {T} does {N} have if <he|she> had {A} and [gets|buys|finds] {B} more?", "A+B"},
      {"If I have {A T} and [give away|lose|sell|use] {B}, how many [are left|do I have]?", "A-B"},
      {"If I have {A T} and [buy|get|find] {B} more, how many do I have?", "A+B"},
      {"If {N} has {A T} and [gives {M} {B}|gives {B} to {M}|loses {B}|sells {B}], how many are "
       "left?",
       "A-B"},
      {"If {N} has {A T} and {M} gives <him|her> {B} more, how many does <he|she> have?", "A+B"},
      {"{M} gave {N} {B T}. {N} had {A} before. How many does {N} have now?", "A+B"},
      {"{N} had {A T}. {M} took {B}. How many are left?", "A-B"},
      {"{N} had {A T}. {M} [gave|brought|sent] <him|her> {B}[ more|]. How many has <he|she> now?",
       "A+B"},
      {"{N} had some {T}. <He|She> gave away {B} and has {A} left. How many did <he|she> have at "
       "first?",
       "A+B"},
      {"After [giving away|selling|losing] {B T}, {N} has {A} left. How many were there before?",
       "A+B"},
      {"After buying {B T}, {N} has {A}. How many did <he|she> have before?", "A-B"},
      {"{N} [baked|cooked|made|picked] {A T}. [The family|{M}|<His|Her> friends] "
       "[ate|took|used] {B}. How many are left?",
       "A-B"},
      {"There were {A T} on the [plate|tree|table]. {B} [were eaten|fell down|are gone]. How many "
       "are left?",
       "A-B"}};
}

std::vector<Sentence> two_steps() {
  return {
      {"{N} [buys|bought] {A T} at {B} dollars each and a {u} for {C} dollars. How much [does|did] "
       "<he|she> [pay|spend]?",
       "A*B+C"},
      {"{N} [buys|bought] {A T} for {B} dollars each and {C U} for {D} dollars each. "
       "[How much is that|What is the total]?",
       "A*B+C*D"},
      {"A {t} costs {A} dollars and a {u} {B} dollars. How much do {C T} and one {u} cost?",
       "A*C+B"},
      {"{N} [has|had] {C} dollars and buys {A T} [at|for] {B} dollars each. How much "
       "[money |][is left|does <he|she> have left|remains]?",
       "C-A*B"},
      {"{N} pays for {A T} at {B} dollars each with a {C} dollar note. How much change does "
       "<he|she> get?",
       "C-A*B"},
      {"A {t} costs {B} dollars. {N} buys {A} and pays with {C} dollars. What is the change?",
       "C-A*B"},
      {"{N} had {C T} and gave {B} to each of {A} friends. How many are left?", "C-A*B"},
      {"A [rope|ribbon|board] is {C} metres long. {N} cuts off {A} pieces of {B} metres. How much "
       "is left?",
       "C-A*B"},
      {"A book has {C} pages. {N} reads {B} pages a day for {A} days. How many pages are left?",
       "C-A*B"},
      {"There are {A} [boxes|bags|shelves] with {B T} each and {C} more [on the floor|loose]. How "
       "many {T} [are there|in total]?",
       "A*B+C"},
      {"{N} has {A} [boxes|bags] of {B T} and {C} [single|loose] ones. How many {T} is that?",
       "A*B+C"},
      {"{N} has {A} [boxes|bags] of {B T}. {C} [are|were] [broken|sold|bad|lost]. How many are "
       "[left|good]?",
       "A*B-C"},
      {"{N} saves {A} dollars a [week|day|month] for {B} [weeks|days|months] and "
       "[spends|then spends] {C}. How much is left?",
       "A*B-C"},
      {"{N} works {A} hours a day for {B} days and {C} hours on [Saturday|Sunday]. How many hours "
       "is that?",
       "A*B+C"},
      {"{N} earns {A} dollars an hour. <He|She> works {B} hours and gets {C} dollars extra. How "
       "much does <he|she> get?",
       "A*B+C"},
      {"{N} has {A T}, {M} has {B} and [their friend|a third child] has {C}. How many [do they "
       "have|altogether]?",
       "A+B+C"},
      {"{N} [has|bought] {A T}, {B U} and {C} [books|cups|eggs]. How many things is that?",
       "A+B+C"},
      {"{N} [sold|read|walked|made] {A} on Monday, {B} on Tuesday and {C} on Wednesday. How many "
       "[in total|altogether]?",
       "A+B+C"},
      {"There are {A T} and {B U} in a box. {N} takes out {C} things. How many are left?", "A+B-C"},
      {"{N} has {A T} and {M} has {B}. They [give away|lose|sell|eat] {C}. How many are left?",
       "A+B-C"},
      {"{N} had {A T}, gave {B} to {M} and {C} to <his|her> [sister|brother]. How many are left?",
       "A-B-C"},
      {"Of {A} [people|children], {B} went home and {C} [more |]left later. How many stayed?",
       "A-B-C"},
      {"{N} has {A T}. {M} has {B} more[ than {N}|]. How many do they have together?", "A+A+B"},
      {"{N} has {A T}. {M} has {B} fewer. How many do they have together?", "A+A-B"},
      {"{N} has {A T}. {M} has {B} times as many. How many do they have together?", "A+A*B"},
      {"{N} and {M} share {A T} and {B U} equally. How many things does each get?", "(A+B)/2"},
      {"{N} has {A T} and gets {B} more. <He|She> shares them among {C} friends. How many does "
       "each get?",
       "(A+B)/C"},
      {"{N} had {A T}, lost {B} and shared the rest among {C} children. How many did each get?",
       "(A-B)/C"},
      {"A [class|school] has {A} boys and {B} girls. Each gets {C T}. How many {T} are needed?",
       "(A+B)*C"},
      {"{N} has {A T} and sells {B}. The others are sold for {C} dollars each. How much are the "
       "others worth?",
       "(A-B)*C"},
      {"{A} [boxes|cartons] hold {B} packs each, and each pack has {C T}. How many {T} are there?",
       "A*B*C"},
      {"{N} reads {A} pages in the morning and {B} in the evening. How many pages in {C} days?",
       "(A+B)*C"},
      {"A bus has {A} seats. {B} people sit down, then {C} more. How many seats are free?",
       "A-B-C"},
      {"{N} is {A}. {M} is {B} years older and {C} years older than that is the aunt. How old is "
       "the aunt?",
       "A+B+C"}};
}

// In signs; of every language, but told here.
std::vector<Sentence> typed_sums() {
  return {{"[What is |Calculate |]{A}[ + |+]{B}[ * |*| x | × ]{C}[?| =|=?|]", "A+B*C"},
          {"[What is |Calculate |]{A}[ - |-]{B}[ * |*| x | × ]{C}[?| =|=?|]", "A-B*C"},
          {"[What is |Calculate |]{A}[ * |*| x | × ]{B}[ + |+]{C}[?| =|=?|]", "A*B+C"},
          {"[What is |Calculate |]{A}[ * |*| x | × ]{B}[ - |-]{C}[?| =|=?|]", "A*B-C"},
          {"[What is |Calculate |]({A}[ + |+]{B})[ * |*| × ]{C}[?| =|=?|]", "(A+B)*C"},
          {"[What is |Calculate |]({A}[ - |-]{B})[ * |*| × ]{C}[?| =|=?|]", "(A-B)*C"},
          {"[What is |Calculate |]{C}[ * |*| × ]({A}[ + |+]{B})[?| =|=?|]", "C*(A+B)"},
          {"[What is |Calculate |]{A}[ + |+]{B}[ + |+]{C}[?| =|=?|]", "A+B+C"},
          {"[What is |Calculate |]{A}[ + |+]{B}[ - |-]{C}[?| =|=?|]", "A+B-C"},
          {"[What is |Calculate |]{A}[ - |-]{B}[ - |-]{C}[?| =|=?|]", "A-B-C"},
          {"[What is |Calculate |]{A}[ * |*| × ]{B}[ + |+]{C}[ * |*| × ]{D}[?| =|=?|]", "A*B+C*D"},
          {"[What is |Calculate |]{A}[ / |/| : | ÷ ]{B}[?| =|=?|]", "A/B"},
          {"[What is |]{A}[ %|%| percent] of {B}?", "A*B/100"}};
}

std::vector<Sentence> more_one_step() {
  return {
      {"[My|{N}'s] [dad|mum|uncle|teacher] [bought|has|brought] {A} [boxes|bags|packs] with {B T} "
       "[each|in each]. How many {T} is that?",
       "A*B"},
      {"{A} [pizzas|cakes|pies|loaves] are each cut into {B} [slices|pieces]. How many "
       "[slices|pieces] are there?",
       "A*B"},
      {"[What|How much] [will|do] {B T} cost if [a|one] {t} [costs|is] {A} [dollars|euros]?",
       "A*B"},
      {"How much [is|are|for] {B T} at {A} dollars each?", "A*B"},
      {"What do I pay for {B T} if one [is|costs] {A} [euros|dollars]?", "A*B"},
      {"{B T} at {A} dollars each, how much [is that|do I pay|in total]?", "A*B"},
      {"[Every|Each] [child|student|guest|worker] gets {A T}. There are {B} of them. How many {T} "
       "in "
       "all?",
       "A*B"},
      {"A [week|month|trip] has {A} days. {N} [does|makes|eats] {B T} every day. How many is that?",
       "A*B"},
      {"There are 7 days in a week. How many days are {A} weeks?", "7*A"},
      {"How many [days|nights] are {A} weeks?", "A*7"},
      {"How many [legs|feet] do {A} [cats|dogs|cows|horses|tables] have?", "A*4"},
      {"How many wheels do {A} [cars|taxis|vans] have?", "A*4"},
      {"How many [eyes|ears|hands|legs] do {A} [children|people|birds] have?", "A*2"},
      {"How many eggs are [in {A} dozen|{A} dozen eggs]?", "A*12"},
      {"There are {A} [kids|children|students|people] in [my|the] [class|group|choir|team], {B} "
       "are "
       "[girls|boys|women|left-handed]. How many [boys|are not|others are there]?",
       "A-B"},
      {"{N} [made|baked|had] {A T}. By [noon|evening|lunch] {B} were [sold|gone|eaten]. How many "
       "were "
       "not?",
       "A-B"},
      {"[Our|The] [school|library|shop] had {A T} but {B} [got torn|broke|were lost|were stolen]. "
       "How many [good ones |]are left?",
       "A-B"},
      {"{N} has {A T}. <His|Her> [brother|sister|friend|cousin] has {B} more than <he|she> does. "
       "How "
       "many does the [other|other one] have?",
       "A+B"},
      {"{N} has {A T}. <His|Her> [brother|sister|friend] has {B} [fewer|less]. How many does the "
       "other have?",
       "A-B"},
      {"{N} is {A} and <his|her> [brother|sister|cousin] is {B} years [younger|less]. How old is "
       "the "
       "[other|other one]?",
       "A-B"},
      {"{N} is {A} and <his|her> [brother|sister|cousin] is {B} years older. How old is the "
       "[other|other one]?",
       "A+B"},
      {"[My|{N}'s] [mother|father|aunt] is {A} and I am {B}. [What is the age difference|How many "
       "years older is the parent]?",
       "A-B"},
      {"I [walked|ran|drove|cycled] {A} [km|miles] on [Saturday|Monday] and {B} on "
       "[Sunday|Tuesday]. How [many km|far|many miles] [did I go|is that|in total]?",
       "A+B"},
      {"[Team A|{N}|The first team] scored {A} and [team B|{M}|the second team] scored {B}. By how "
       "many points did the first win?",
       "A-B"},
      {"A [tree|tower|wall|plant] was {A} [cm|metres] tall and grew {B} [cm|metres|more]. How tall "
       "is it now?",
       "A+B"},
      {"A candle was {A} cm long and {B} cm burned away. How long is it?", "A-B"},
      {"[A|The] [battery|phone] had {A} percent and lost {B}. What is [it at|left]?", "A-B"},
      {"{N} [weighs|weighed] {A} kilos and [lost|loses] {B}. What does <he|she> weigh now?", "A-B"},
      {"{N} [weighs|weighed] {A} kilos and [gained|put on] {B}. What does <he|she> weigh now?",
       "A+B"},
      {"[A|The] [bag|suitcase|box] weighs {A} kilos. {N} puts {B} more kilos in. How heavy is it?",
       "A+B"},
      {"[My|The] train leaves in {A} minutes and the walk takes {B} minutes. How many minutes are "
       "left to wait?",
       "A-B"},
      {"{A} minus {B}?", "A-B"},
      {"[What is|How much is] {A} [plus|and] {B}?", "A+B"},
      {"[What is|How much is] {A} [minus|less|take away] {B}?", "A-B"},
      {"[What is|How much is] {A} times {B}?", "A*B"},
      {"[What is|How much is] {A} divided by {B}?", "A/B"},
      {"{A} [plus|and] {B}?", "A+B"},
      {"{A} times {B}?", "A*B"},
      {"[What is the|The] sum of {A} and {B}?", "A+B"},
      {"[What is the|The] difference of {A} and {B}?", "A-B"},
      {"[What is the|The] product of {A} and {B}?", "A*B"},
      {"[Take|Subtract] {B} from {A}.", "A-B"},
      {"[Double|Twice] {A}?", "A*2"}};
}

std::vector<Sentence> more_two_steps() {
  return {
      {"[My dad|{N}|We] bought {A} [pizzas|cakes], each cut into {B} [slices|pieces]. "
       "[We|They|The guests] ate {C}[ slices| pieces|]. How many are left?",
       "A*B-C"},
      {"{N} [knits|makes|writes|draws] {A T} a week for {B} weeks and gives {C} away. How many are "
       "left?",
       "A*B-C"},
      {"[Grandma|Grandpa|{N}] made {A T} a [week|day] for {B} [weeks|days]. [<He|She>|Then "
       "<he|she>] "
       "gave {C} away. How many are left?",
       "A*B-C"},
      {"{N} scored {A} points in the first half and {B} in the second. {M} scored {C}. By how many "
       "points did {N} win?",
       "A+B-C"},
      {"{N} had {A T}, lost {B} and [then |]found {C}. How many does <he|she> have?", "A-B+C"},
      {"I had {A T}. I gave {B} to my [brother|friend] and my [sister|mother] gave me {C}. How "
       "many do "
       "I have[ now|]?",
       "A-B+C"},
      {"{N} had {A T}, [got|bought|found] {B} more and [gave away|lost|used] {C}. How many are "
       "left?",
       "A+B-C"},
      {"There are {A} [boys|men|cats] and {B} [girls|women|dogs]. {C} [leave|go away]. How many "
       "are "
       "left?",
       "A+B-C"},
      {"{N} has {A} dollars. <He|She> buys a {t} for {B} and a {u} for {C}. How much is left?",
       "A-B-C"},
      {"I have {A} dollars. A {t} costs {B} and a {u} costs {C}. How much is left if I buy both?",
       "A-B-C"},
      {"{N} buys a {t} for {A} dollars and a {u} for {B} and pays with {C} dollars. How much "
       "[change|comes back]?",
       "C-(A+B)"},
      {"{A} [children|friends] have {B T} each and [lose|eat|give away] {C} in all. How many are "
       "left?",
       "A*B-C"},
      {"[Each|One] of {A} [shelves|boxes] has {B T}, and one more has {C}. How many {T} in all?",
       "A*B+C"},
      {"{N} has {A T}. {M} has {B} more than {N}, and [Rita|Ivan] has {C} more than {M}. How many "
       "has "
       "[the last|the third]?",
       "A+B+C"},
      {"{N} is {A} years old. {M} is {B} years older. How old will {M} be in {C} years?", "A+B+C"},
      {"{N} drove {A} km an hour for {B} hours and then {C} km more. How far did <he|she> drive?",
       "A*B+C"},
      {"The trip is {C} km. {N} drives {A} km an hour for {B} hours. How many km are left?",
       "C-A*B"},
      {"{N} wants to save {C} dollars and saves {A} a week. How much is missing after {B} weeks?",
       "C-A*B"},
      {"{A T} and {B U} cost the same, {C} dollars each. How much do all cost?", "(A+B)*C"},
      {"{N} has {A T} in each of {B} bags and shares them among {C} friends. How many does each "
       "get?",
       "A*B/C"}};
}

}  // namespace

std::vector<Sentence> plain_english_stories() {
  return all_of({rates_and_groups(), one_step(), two_steps(), typed_sums(), more_one_step(),
                 more_two_steps()});
}

}  // namespace frugal::tasks
