#include "tasks/generated/sentences.h"

namespace frugal::tasks {

const Language& english_sentences() {
  static constexpr auto kBeginnings = std::to_array<Sentence>(
      {{"{N} has {A} {T}.", "A"},
       {"{N} starts the day with {A} {T}.", "A"},
       {"In {N}'s bag there are {A} {T}.", "A"},
       {"On Monday {N} found {A} {T}.", "A"},
       {"{N} owns {A} boxes with {B} {T} in each.", "A*B"},
       {"{N} fills {A} bags with {B} {T} each.", "A*B"},
       {"{N} gets {A} {T} every day for {B} days.", "A*B"},
       {"{N} puts {A} {T} on every shelf, and there are {B} shelves.", "A*B"}});
  static constexpr auto kChanges =
      std::to_array<Sentence>({{"{M} gives {N} {C} more.", "+C"},
                               {"{N} buys another {C}.", "+C"},
                               {"Then {N} finds {C} more {T}.", "+C"},
                               {"On Tuesday {C} more arrive.", "+C"},
                               {"In the evening {N} picks {C} more.", "+C"},
                               {"{N} loses {C} of them.", "-C"},
                               {"{N} gives {C} of them to {M}.", "-C"},
                               {"Then {C} {T} are sold.", "-C"},
                               {"{M} borrows {C} {T}.", "-C"},
                               {"{N} shares out {C} of them.", "-C"}});
  static constexpr auto kQuestions = std::to_array<std::string_view>(
      {"How many {T} does {N} have now?", "How many {T} are left?",
       "How many {T} are there in the end?", "How many {T} has {N} now?"});
  static constexpr auto kBusBeginnings =
      std::to_array<Sentence>({{"A bus carries {A} people.", "A"},
                               {"There are {A} people on a bus.", "A"},
                               {"A bus has {A} rows with {B} people in each.", "A*B"}});
  static constexpr auto kBusChanges =
      std::to_array<Sentence>({{"{C} get on at the stop.", "+C"},
                               {"At the next stop {C} people get on.", "+C"},
                               {"{C} get off at the stop.", "-C"},
                               {"At the next stop {C} people get off.", "-C"}});
  static constexpr auto kBusQuestions = std::to_array<std::string_view>(
      {"How many people are on the bus?", "How many people are there now?",
       "How many people stay on the bus?"});
  static constexpr auto kCoinsBeginnings =
      std::to_array<Sentence>({{"{N} has {A} coins.", "A"},
                               {"{N} has saved {A} coins.", "A"},
                               {"{N} earns {A} coins every week for {B} weeks.", "A*B"},
                               {"{N} saves {A} coins a day, and {B} days pass.", "A*B"}});
  static constexpr auto kCoinsChanges =
      std::to_array<Sentence>({{"{N} earns {C} coins more.", "+C"},
                               {"{M} gives {N} {C} coins.", "+C"},
                               {"{N} spends {C} coins on {T}.", "-C"},
                               {"{N} loses {C} coins.", "-C"}});
  static constexpr auto kCoinsQuestions =
      std::to_array<std::string_view>({"How many coins are left?", "How many coins does {N} have?",
                                       "How many coins are there now?"});
  static constexpr auto kGardenBeginnings =
      std::to_array<Sentence>({{"{N} picked {A} {T} in the morning.", "A"},
                               {"{N} picked {A} {T} in the morning and {B} in the evening.", "A+B"},
                               {"{N} picked {A} {T} an hour for {B} hours.", "A*B"}});
  static constexpr auto kGardenChanges =
      std::to_array<Sentence>({{"{M} picked {C} more.", "+C"},
                               {"Then {N} picked {C} more.", "+C"},
                               {"{N} shared out {C}.", "-C"},
                               {"{C} of them were bad.", "-C"},
                               {"Then {M} took {C} {T}.", "-C"}});
  static constexpr auto kGardenQuestions = std::to_array<std::string_view>(
      {"How many {T} has {N}?", "How many {T} are left?", "How many {T} are there?"});
  static constexpr auto kScenes =
      std::to_array<Scene>({{kBeginnings, kChanges, kQuestions},
                            {kBusBeginnings, kBusChanges, kBusQuestions},
                            {kCoinsBeginnings, kCoinsChanges, kCoinsQuestions},
                            {kGardenBeginnings, kGardenChanges, kGardenQuestions}});
  static constexpr auto kStories = std::to_array<Sentence>(
      {{"There are {A} boxes with {B} {T} in each. How many {T} are there in all?", "A*B"},
       {"{N} and {M} have {A} and {B} {T}. They put them together and each is worth {C} coins. How "
        "many coins are all {T} worth?",
        "A+B*C"},
       {"A shelf holds {A} {T}. {B} shelves are full, and {C} more lie on the floor. How many {T} "
        "are there?",
        "A*B+C"},
       {"{N} reads {A} pages a day for {B} days and has {C} pages left. How many pages has the "
        "book?",
        "A*B+C"},
       {"A bus carries {A} people. {B} get on at the stop. How many people are on the bus?", "A+B"},
       {"{A} people are on a train and {B} get off. How many people stay on the train?", "A-B"},
       {"A book has {A} pages and {N} has read {B} of them. How many pages are left?", "A-B"},
       {"{N} earns {A} coins every week. How many coins is that after {B} weeks?", "A*B"},
       {"{N} saves {A} coins, and later {B} more. How many coins does {N} have?", "A+B"},
       {"{N} has {A} coins and spends {B} coins on {T}. How many coins are left?", "A-B"},
       {"{N} picked {A} {T} in the morning and {B} in the evening. How many {T} is that?", "A+B"},
       {"A ticket costs {A} coins. {N} buys {B} tickets and a drink for {C} coins. How many coins "
        "does {N} spend?",
        "A*B+C"}});
  static constexpr auto kHeldOut = std::to_array<Sentence>(
      {{"A bus carries {A} people. {B} get on and {C} get off at the next stop. How many people "
        "are on the bus?",
        "A+B-C"},
       {"{N} saves {A} coins every week. After {B} weeks {N} spends {C} coins on {T}. How many "
        "coins are left?",
        "A*B-C"},
       {"{M} picked {A} {T} in the morning and {B} in the evening, then shared out {C}. How many "
        "{T} has {M}?",
        "A+B-C"}});
  static constexpr auto kNames = std::to_array<std::string_view>(
      {"Nora", "Sam", "Lina", "Omar", "Ella", "Yusuf", "Maya", "Tom"});
  static constexpr auto kThings =
      std::to_array<std::string_view>({"apples", "books", "stamps", "pencils", "shells", "cards"});
  static constexpr Language kLanguage{"en", kScenes, kStories, kHeldOut, kNames, kThings};
  return kLanguage;
}

// People are women here, so that one form of each verb fits; "a number of" keeps things in one
// form too.
const Language& arabic_sentences() {
  static constexpr auto kBeginnings =
      std::to_array<Sentence>({{"لدى {N} عدد {A} من {T}.", "A"},
                               {"بدأت {N} يومها ومعها {A} من {T}.", "A"},
                               {"في حقيبة {N} عدد {A} من {T}.", "A"},
                               {"وجدت {N} يوم الأحد {A} من {T}.", "A"},
                               {"لدى {N} عدد {A} من الصناديق، في كل صندوق {B} من {T}.", "A*B"},
                               {"ملأت {N} عدد {A} من الأكياس، في كل كيس {B} من {T}.", "A*B"},
                               {"تأخذ {N} كل يوم {A} من {T} مدة {B} من الأيام.", "A*B"},
                               {"وضعت {N} على كل رف {A} من {T}، وعدد الرفوف {B}.", "A*B"}});
  static constexpr auto kChanges =
      std::to_array<Sentence>({{"أعطتها {M} عدد {C} أخرى.", "+C"},
                               {"ثم اشترت {N} عدد {C} أخرى.", "+C"},
                               {"ثم وجدت {N} عدد {C} أخرى.", "+C"},
                               {"وصلت يوم الاثنين {C} أخرى.", "+C"},
                               {"وفي المساء قطفت {N} عدد {C} أخرى.", "+C"},
                               {"ضاع منها {C}.", "-C"},
                               {"أعطت {N} عدد {C} منها إلى {M}.", "-C"},
                               {"ثم بيع منها {C}.", "-C"},
                               {"استعارت {M} عدد {C} منها.", "-C"},
                               {"ثم وزعت {N} عدد {C} منها.", "-C"}});
  static constexpr auto kQuestions = std::to_array<std::string_view>(
      {"كم عدد {T} لدى {N} الآن؟", "كم بقي من {T}؟", "كم عدد {T} في النهاية؟", "كم صار عدد {T}؟"});
  static constexpr auto kBusBeginnings =
      std::to_array<Sentence>({{"في الحافلة {A} من الركاب.", "A"},
                               {"بدأت الحافلة طريقها ومعها {A} من الركاب.", "A"},
                               {"في الحافلة {A} من الصفوف، في كل صف {B} من الركاب.", "A*B"}});
  static constexpr auto kBusChanges = std::to_array<Sentence>({{"صعد {C} في المحطة.", "+C"},
                                                               {"ثم صعد {C} من الركاب.", "+C"},
                                                               {"نزل {C} في المحطة.", "-C"},
                                                               {"ثم نزل {C} من الركاب.", "-C"}});
  static constexpr auto kBusQuestions = std::to_array<std::string_view>(
      {"كم راكبا في الحافلة؟", "كم راكبا بقي في الحافلة؟", "كم راكبا في الحافلة الآن؟"});
  static constexpr auto kCoinsBeginnings =
      std::to_array<Sentence>({{"مع {N} عدد {A} من الدراهم.", "A"},
                               {"وفرت {N} عدد {A} من الدراهم.", "A"},
                               {"تكسب {N} كل أسبوع {A} من الدراهم مدة {B} من الأسابيع.", "A*B"},
                               {"توفر {N} كل يوم {A} من الدراهم، ومر {B} من الأيام.", "A*B"}});
  static constexpr auto kCoinsChanges =
      std::to_array<Sentence>({{"ثم كسبت {N} عدد {C} أخرى.", "+C"},
                               {"أعطتها {M} عدد {C} من الدراهم.", "+C"},
                               {"أنفقت {N} عدد {C} من الدراهم.", "-C"},
                               {"ضاع منها {C} من الدراهم.", "-C"}});
  static constexpr auto kCoinsQuestions = std::to_array<std::string_view>(
      {"كم درهما بقي؟", "كم درهما لديها؟", "كم درهما لدى {N} الآن؟"});
  static constexpr auto kGardenBeginnings =
      std::to_array<Sentence>({{"قطفت {N} في الصباح {A} من {T}.", "A"},
                               {"قطفت {N} في الصباح {A} من {T} وفي المساء {B}.", "A+B"},
                               {"قطفت {N} كل ساعة {A} من {T} مدة {B} من الساعات.", "A*B"}});
  static constexpr auto kGardenChanges =
      std::to_array<Sentence>({{"ثم قطفت {N} عدد {C} أخرى.", "+C"},
                               {"وقطفت {M} عدد {C} أخرى.", "+C"},
                               {"ثم وزعت {N} عدد {C}.", "-C"},
                               {"أخذت {M} عدد {C} منها.", "-C"},
                               {"فسد منها {C}.", "-C"}});
  static constexpr auto kGardenQuestions =
      std::to_array<std::string_view>({"كم بقي لديها من {T}؟", "كم عدد {T}؟", "كم بقي من {T}؟"});
  static constexpr auto kScenes =
      std::to_array<Scene>({{kBeginnings, kChanges, kQuestions},
                            {kBusBeginnings, kBusChanges, kBusQuestions},
                            {kCoinsBeginnings, kCoinsChanges, kCoinsQuestions},
                            {kGardenBeginnings, kGardenChanges, kGardenQuestions}});
  static constexpr auto kStories = std::to_array<Sentence>(
      {{"هناك {A} من الصناديق في كل منها {B} من {T}. كم عدد {T} كلها؟", "A*B"},
       {"جمعت {N} و {M} عدد {A} و {B} من {T}، وثمن كل واحدة {C} من الدراهم. كم درهما ثمن {T} "
        "كلها؟",
        "A+B*C"},
       {"يتسع الرف لعدد {A} من {T}. امتلأ {B} من الرفوف وبقي {C} على الأرض. كم عدد {T}؟", "A*B+C"},
       {"تقرأ {N} كل يوم {A} من الصفحات مدة {B} من الأيام وبقي {C} من الصفحات. كم صفحة في الكتاب؟",
        "A*B+C"},
       {"في الحافلة {A} من الركاب. صعد {B} في المحطة. كم راكبا في الحافلة؟", "A+B"},
       {"في القطار {A} من الركاب ونزل منهم {B}. كم راكبا بقي في القطار؟", "A-B"},
       {"في الكتاب {A} من الصفحات، قرأت {N} منها {B}. كم صفحة بقيت؟", "A-B"},
       {"تكسب {N} كل أسبوع {A} من الدراهم. كم درهما تكسب بعد {B} من الأسابيع؟", "A*B"},
       {"توفر {N} عدد {A} من الدراهم ثم {B} أخرى. كم درهما لديها؟", "A+B"},
       {"مع {N} عدد {A} من الدراهم أنفقت منها {B} من الدراهم. كم درهما بقي؟", "A-B"},
       {"قطفت {N} في الصباح {A} من {T} وفي المساء {B}. كم عدد {T}؟", "A+B"},
       {"ثمن التذكرة {A} من الدراهم. اشترت {N} عدد {B} من التذاكر وكتابا ثمنه {C} من الدراهم. كم "
        "درهما أنفقت؟",
        "A*B+C"}});
  static constexpr auto kHeldOut = std::to_array<Sentence>(
      {{"في الحافلة {A} من الركاب. صعد {B} ونزل {C} في المحطة. كم راكبا في الحافلة؟", "A+B-C"},
       {"توفر {N} كل أسبوع {A} من الدراهم. بعد {B} من الأسابيع أنفقت {C} من الدراهم. كم درهما "
        "بقي؟",
        "A*B-C"},
       {"قطفت {M} في الصباح {A} من {T} وفي المساء {B} ثم وزعت {C}. كم بقي لديها من {T}؟",
        "A+B-C"}});
  static constexpr auto kNames = std::to_array<std::string_view>(
      {"ليلى", "سلمى", "مريم", "هدى", "نور", "سارة", "ريم", "دانة"});
  static constexpr auto kThings = std::to_array<std::string_view>(
      {"التفاح", "الكتب", "الأقلام", "الطوابع", "البطاقات", "البرتقال"});
  static constexpr Language kLanguage{"ar", kScenes, kStories, kHeldOut, kNames, kThings};
  return kLanguage;
}

const Language& chinese_sentences() {
  static constexpr auto kBeginnings =
      std::to_array<Sentence>({{"{N}有{A}个{T}。", "A"},
                               {"{N}早上有{A}个{T}。", "A"},
                               {"{N}的书包里有{A}个{T}。", "A"},
                               {"星期一{N}找到{A}个{T}。", "A"},
                               {"{N}有{A}个盒子，每个盒子里有{B}个{T}。", "A*B"},
                               {"{N}装了{A}袋{T}，每袋{B}个。", "A*B"},
                               {"{N}每天得到{A}个{T}，一共{B}天。", "A*B"},
                               {"{N}在每个架子上放{A}个{T}，有{B}个架子。", "A*B"}});
  static constexpr auto kChanges = std::to_array<Sentence>({{"{M}又给了{N}{C}个。", "+C"},
                                                            {"{N}又买了{C}个。", "+C"},
                                                            {"后来{N}又找到{C}个。", "+C"},
                                                            {"星期二又来了{C}个。", "+C"},
                                                            {"下午{N}又摘了{C}个。", "+C"},
                                                            {"{N}丢了{C}个。", "-C"},
                                                            {"{N}送给{M}{C}个。", "-C"},
                                                            {"然后卖掉{C}个。", "-C"},
                                                            {"{M}借走了{C}个。", "-C"},
                                                            {"{N}分给别人{C}个。", "-C"}});
  static constexpr auto kQuestions = std::to_array<std::string_view>(
      {"{N}现在有多少个{T}？", "还剩多少个{T}？", "最后有多少个{T}？", "现在一共有多少个{T}？"});
  static constexpr auto kBusBeginnings =
      std::to_array<Sentence>({{"车上有{A}个人。", "A"},
                               {"一辆公共汽车上有{A}个人。", "A"},
                               {"车上有{A}排座位，每排坐{B}个人。", "A*B"}});
  static constexpr auto kBusChanges = std::to_array<Sentence>({{"到站上来{C}个人。", "+C"},
                                                               {"下一站又上来{C}个人。", "+C"},
                                                               {"到站下去{C}个人。", "-C"},
                                                               {"下一站又下去{C}个人。", "-C"}});
  static constexpr auto kBusQuestions =
      std::to_array<std::string_view>({"车上现在有多少人？", "车上还有多少人？", "车上有多少人？"});
  static constexpr auto kCoinsBeginnings =
      std::to_array<Sentence>({{"{N}有{A}元。", "A"},
                               {"{N}存了{A}元。", "A"},
                               {"{N}每星期挣{A}元，挣了{B}个星期。", "A*B"},
                               {"{N}每天存{A}元，存了{B}天。", "A*B"}});
  static constexpr auto kCoinsChanges = std::to_array<Sentence>({{"{N}又挣了{C}元。", "+C"},
                                                                 {"{M}给了{N}{C}元。", "+C"},
                                                                 {"{N}花掉{C}元。", "-C"},
                                                                 {"{N}丢了{C}元。", "-C"}});
  static constexpr auto kCoinsQuestions =
      std::to_array<std::string_view>({"还剩多少元？", "{N}现在有多少元？", "一共有多少元？"});
  static constexpr auto kGardenBeginnings =
      std::to_array<Sentence>({{"{N}上午摘了{A}个{T}。", "A"},
                               {"{N}上午摘了{A}个{T}，下午摘了{B}个。", "A+B"},
                               {"{N}每小时摘{A}个{T}，摘了{B}个小时。", "A*B"}});
  static constexpr auto kGardenChanges = std::to_array<Sentence>({{"{M}又摘了{C}个。", "+C"},
                                                                  {"后来{N}又摘了{C}个。", "+C"},
                                                                  {"{N}分给别人{C}个。", "-C"},
                                                                  {"坏了{C}个。", "-C"},
                                                                  {"{M}拿走{C}个。", "-C"}});
  static constexpr auto kGardenQuestions = std::to_array<std::string_view>(
      {"{N}还有多少个{T}？", "还剩多少个{T}？", "现在有多少个{T}？"});
  static constexpr auto kScenes =
      std::to_array<Scene>({{kBeginnings, kChanges, kQuestions},
                            {kBusBeginnings, kBusChanges, kBusQuestions},
                            {kCoinsBeginnings, kCoinsChanges, kCoinsQuestions},
                            {kGardenBeginnings, kGardenChanges, kGardenQuestions}});
  static constexpr auto kStories = std::to_array<Sentence>(
      {{"有{A}个盒子，每个盒子里有{B}个{T}。一共有多少个{T}？", "A*B"},
       {"{N}和{M}分别有{A}个和{B}个{T}，每个{T}值{C}元。这些{T}一共值多少元？", "A+B*C"},
       {"一个架子放{A}个{T}，放满了{B}个架子，地上还有{C}个。一共有多少个{T}？", "A*B+C"},
       {"{N}每天读{A}页书，读了{B}天，还剩{C}页。这本书有多少页？", "A*B+C"},
       {"车上有{A}个人，到站上来{B}个人。车上现在有多少人？", "A+B"},
       {"火车上有{A}个人，到站下去{B}个人。火车上还有多少人？", "A-B"},
       {"一本书有{A}页，{N}读了{B}页。还剩多少页？", "A-B"},
       {"{N}每星期挣{A}元。{B}个星期一共挣多少元？", "A*B"},
       {"{N}存了{A}元，后来又存了{B}元。一共有多少元？", "A+B"},
       {"{N}有{A}元，花掉{B}元。还剩多少元？", "A-B"},
       {"{N}上午摘了{A}个{T}，下午摘了{B}个。一共摘了多少个{T}？", "A+B"},
       {"一张票{A}元。{N}买了{B}张票，又花{C}元买水。一共花了多少元？", "A*B+C"}});
  static constexpr auto kHeldOut = std::to_array<Sentence>(
      {{"车上有{A}个人，到站上来{B}个人，下去{C}个人。车上现在有多少人？", "A+B-C"},
       {"{N}每星期存{A}元，存了{B}个星期，花掉{C}元。还剩多少元？", "A*B-C"},
       {"{M}上午摘了{A}个{T}，下午摘了{B}个，分给别人{C}个。{M}还有多少个{T}？", "A+B-C"}});
  static constexpr auto kNames = std::to_array<std::string_view>(
      {"小明", "小红", "小华", "小丽", "小军", "小芳", "小强", "小玲"});
  static constexpr auto kThings =
      std::to_array<std::string_view>({"苹果", "本子", "贝壳", "橘子", "卡片", "气球"});
  static constexpr Language kLanguage{"zh", kScenes, kStories, kHeldOut, kNames, kThings};
  return kLanguage;
}

}  // namespace frugal::tasks
