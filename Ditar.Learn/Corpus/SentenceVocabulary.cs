// The words of the corpus's sentences, grouped by what they can do in one. A few hundred common English words; no names of real people.

namespace Ditar.Learn;

/// <summary>A verb with the forms that the grammar needs.</summary>
/// <param name="Base">"take", after to, will, can, did.</param>
/// <param name="Past">"took".</param>
internal readonly record struct Verb(string Base, string Past);

/// <summary>Word lists for <see cref="SentenceGrammar"/>.</summary>
internal static class SentenceVocabulary
{
    public static readonly string[] People =
    [
        "the boy", "the girl", "my mother", "my father", "my sister", "my brother", "the teacher", "the doctor", "our friend", "the old man",
        "the young woman", "the farmer", "the driver", "the child", "the king", "the queen", "my uncle", "the baby", "the captain",
        "the student", "our neighbor", "the judge", "the painter", "his wife", "her husband", "someone", "everybody", "nobody",
    ];

    public static readonly string[] Animals =
        ["dog", "cat", "bird", "horse", "cow", "sheep", "mouse", "rabbit", "fox", "duck", "goat", "lion", "bear", "bee", "frog", "pig"];

    public static readonly string[] Things =
    [
        "book", "key", "letter", "box", "bag", "phone", "lamp", "chair", "table", "picture", "ball", "hat", "coat", "shirt", "cup", "bottle",
        "knife", "clock", "watch", "ring", "map", "radio", "camera", "flower", "stone", "pencil", "paper", "basket", "bell", "candle",
        "mirror", "jacket", "blanket", "spoon", "plate", "ticket", "hammer", "wheel", "engine", "rope", "pillow", "violin", "drum", "toy",
        "newspaper", "present", "button", "ladder", "bucket", "boat", "car", "kite", "vase", "glass", "brush", "shoe", "zipper", "quilt",
    ];

    public static readonly string[] Food =
    [
        "bread", "milk", "cheese", "soup", "rice", "cake", "water", "coffee", "tea", "fish", "sugar", "butter", "juice", "fruit", "honey",
        "salt", "meat", "chocolate", "jam", "pizza",
    ];

    public static readonly string[] Openables = ["door", "window", "gate", "box", "book", "bag", "bottle", "letter", "drawer", "garage"];

    public static readonly string[] Switchables = ["light", "radio", "lamp", "television", "music", "heater", "fan", "engine", "computer", "alarm"];

    public static readonly string[] Rooms =
        ["kitchen", "bedroom", "garden", "office", "hall", "bathroom", "house", "garage", "school", "library", "classroom", "basement"];

    public static readonly string[] Places =
    [
        "in the garden", "at school", "near the river", "in the kitchen", "at home", "on the table", "under the bridge", "in the park",
        "by the sea", "behind the house", "at the station", "in the city", "on the hill", "in the forest", "at the market", "on the beach",
        "in the street", "at the zoo", "near the church", "in the box", "on the roof", "under the tree", "in the village", "at work",
        "beside the lake", "in the field", "next to the door", "between the trees", "across the road", "above the clouds",
    ];

    public static readonly string[] Goals =
    [
        "to the market", "to school", "to the station", "home", "to the river", "to the city", "into the forest", "to the beach", "to work",
        "up the hill", "down the road", "across the bridge", "to the hospital", "through the park", "around the lake", "to the airport",
        "over the wall", "into the house", "out of the room", "along the street", "to the village", "away",
    ];

    public static readonly string[] PastTimes =
    [
        "yesterday", "last night", "last week", "this morning", "an hour ago", "two days ago", "last summer", "on monday", "on friday",
        "after lunch", "before dinner", "in the evening", "at noon", "in january", "again", "last year", "quickly", "slowly", "quietly",
    ];

    public static readonly string[] FutureTimes =
    [
        "tomorrow", "tonight", "next week", "in the morning", "later", "soon", "on sunday", "on saturday", "at noon", "this evening",
        "after school", "in an hour", "next month", "on tuesday", "in july", "on wednesday", "on thursday", "before breakfast",
    ];

    // Verbs that take any small thing as their object.
    public static readonly Verb[] Handling =
    [
        new("find", "found"), new("buy", "bought"), new("carry", "carried"), new("drop", "dropped"), new("break", "broke"),
        new("clean", "cleaned"), new("paint", "painted"), new("lose", "lost"), new("take", "took"), new("bring", "brought"),
        new("see", "saw"), new("want", "wanted"), new("like", "liked"), new("move", "moved"), new("sell", "sold"), new("keep", "kept"),
        new("wash", "washed"), new("hide", "hid"), new("push", "pushed"), new("hold", "held"), new("leave", "left"), new("throw", "threw"),
        new("use", "used"), new("fix", "fixed"), new("draw", "drew"), new("need", "needed"), new("give back", "gave back"),
        new("look at", "looked at"), new("choose", "chose"), new("forget", "forgot"), new("catch", "caught"), new("measure", "measured"),
    ];

    public static readonly Verb[] Eating =
        [new("eat", "ate"), new("cook", "cooked"), new("buy", "bought"), new("bring", "brought"), new("like", "liked"), new("share", "shared"), new("want", "wanted"), new("enjoy", "enjoyed")];

    public static readonly Verb[] Moving =
    [
        new("walk", "walked"), new("run", "ran"), new("go", "went"), new("drive", "drove"), new("come", "came"), new("travel", "traveled"),
        new("return", "returned"), new("jump", "jumped"), new("fly", "flew"), new("hurry", "hurried"), new("move", "moved"),
    ];

    public static readonly Verb[] Staying =
    [
        new("sleep", "slept"), new("wait", "waited"), new("sit", "sat"), new("sing", "sang"), new("play", "played"), new("work", "worked"),
        new("stand", "stood"), new("laugh", "laughed"), new("dance", "danced"), new("stay", "stayed"), new("swim", "swam"),
        new("rest", "rested"), new("cry", "cried"), new("talk", "talked"), new("smile", "smiled"), new("live", "lived"),
    ];

    public static readonly string[] Adjectives =
    [
        "big", "small", "old", "new", "red", "blue", "green", "white", "black", "yellow", "long", "short", "heavy", "good", "bad", "warm", "cold",
        "clean", "round", "empty", "broken", "little", "great", "strange", "quiet", "loud", "quick", "brown", "gray", "square", "beautiful",
        "cheap", "wooden", "soft", "dark", "bright", "hot", "dry", "wet", "huge",
    ];

    public static readonly string[] Feelings =
    [
        "happy", "tired", "hungry", "sad", "ready", "late", "busy", "sick", "angry", "thirsty", "afraid", "very kind", "asleep", "alone", "lazy",
        "quite sure", "strong", "quiet", "just fine", "so young", "very old", "never late", "always right",
    ];

    public static readonly string[] Weather =
        ["raining", "snowing", "getting dark", "very cold", "too hot", "a nice day", "a long way", "time to go", "not far", "just a joke", "windy outside", "cloudy"];

    public static readonly string[] Facts =
    [
        "the answer", "the way home", "that song", "your name", "this story", "the number", "her voice", "the question", "the truth", "the rules",
        "his plan", "this game", "what you mean", "where she lives", "why he left", "how it works", "when we start", "who is there",
    ];

    public static readonly string[] LoneWords =
    [
        "hello", "yes", "no", "please", "thanks", "stop", "go", "start", "open", "close", "wait", "help", "left", "right", "up", "down", "maybe",
        "never", "always", "again", "good", "morning", "evening", "night", "welcome", "sorry", "goodbye", "today", "tomorrow", "monday",
        "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "january", "february", "march", "april", "may", "june", "july",
        "august", "september", "october", "november", "december", "ready", "music", "light", "water", "voice", "computer", "machine",
    ];

    public static readonly string[] Months =
        ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];

    public static readonly string[] Weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

    /// <summary>Days of each month, leap day included.</summary>
    public static readonly int[] DaysInMonth = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

    public static readonly string[] PluralIrregular =
        ["knife knives", "sheep sheep", "mouse mice", "glass glasses", "brush brushes", "box boxes", "watch watches", "fox foxes", "baby babies", "toy toys"];
}
