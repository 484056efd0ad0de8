// Templates that turn the vocabulary into short spoken English: statements, questions, orders, times, dates, spellings, and joins of
// these. Capital letters in the result are letters to be named. A text of 12 to 42 characters takes flite about one to three seconds.

using Ditar.Reference.Text;
using static Ditar.Learn.SentenceVocabulary;

namespace Ditar.Learn;

/// <summary>Draws one text of a kind; repeats are the caller's business.</summary>
internal sealed class SentenceGrammar(TextRandom random)
{
    private const int ShortestSentence = 12;
    private const int LongestSentence = 42;

    private static readonly string[] Persons = ["i", "you", "we", "they", "he", "she"];

    private static readonly string[] AllWords =
        [.. LoneWords.Concat(Things).Concat(Food).Concat(Animals).Concat(Rooms).Concat(Adjectives).Concat(Switchables).Distinct()];

    /// <summary>A string of digits in words.</summary>
    public string Digits(int length)
    {
        var words = new string[length];
        for (int i = 0; i < length; i++) words[i] = EnglishNumbers.Cardinal(random.Next(10));
        return string.Join(' ', words);
    }

    /// <summary>One word.</summary>
    public string Word() => random.Pick(AllWords);

    /// <summary>A time of day in one of the usual ways to say it.</summary>
    public string Time()
    {
        string clock = ClockTime();
        return random.Next(8) switch
        {
            0 => clock,
            1 => $"at {clock}",
            2 => $"{clock} {random.Pick(["in the morning", "in the evening", "at night", "in the afternoon"])}",
            3 => $"it's {clock}",
            4 => $"it is almost {clock}",
            _ => $"it is {clock}",
        };
    }

    /// <summary>A day of the year in one of the usual ways to say it.</summary>
    public string Date()
    {
        string day = Day();
        return random.Next(7) switch
        {
            0 => $"on {day}",
            1 => $"it is {day}",
            2 => $"today is {day}",
            3 => $"{random.Pick(Weekdays)} {day}",
            4 => $"until {day}",
            _ => day,
        };
    }

    /// <summary>Letters to be named, as capitals: random ones, or a word followed by its letters.</summary>
    public string Spelling()
    {
        if (random.Chance(0.3))
        {
            string word = random.Pick(AllWords);
            if (word.Length <= 6) return random.Chance(0.5) ? $"{word} {Letters(word)}" : Letters(word);
        }

        return RandomLetters(random.Between(2, 7));
    }

    /// <summary>A simple sentence of 12 to 42 characters.</summary>
    public string Sentence() => OfGoodLength(() => random.Next(12) switch
    {
        0 => $"{Subject()} {random.Pick(Handling).Past} {Object()} {Tail(PastTimes)}",
        1 => $"{Subject()} {random.Pick(Eating).Past} the {random.Pick(Food)} {Tail(PastTimes)}",
        2 => $"{Subject()} {random.Pick(Moving).Past} {random.Pick(Goals)} {Maybe(PastTimes)}",
        3 => $"{Subject()} {random.Pick(Staying).Past} {Tail(PastTimes)}",
        4 => State(),
        5 or 6 => Question(),
        7 or 8 => Command(),
        9 => Future(),
        10 => Negation(),
        _ => ThereAre(),
    });

    /// <summary>An order, with or without "please".</summary>
    public string Command()
    {
        string order = random.Next(7) switch
        {
            0 => $"{random.Pick(["open", "close", "lock", "check"])} the {random.Pick(Openables)}",
            1 => $"turn {random.Pick(["on", "off"])} the {random.Pick(Switchables)}",
            2 => $"{random.Pick(Handling).Base} {Object()}",
            3 => $"{random.Pick(["go", "walk", "run", "come", "drive"])} {random.Pick(Goals)}",
            4 => $"{random.Pick(["put", "leave", "keep", "place"])} the {random.Pick(Things)} {random.Pick(Places)}",
            5 => $"{random.Pick(["bring", "give", "show", "pass"])} {random.Pick(["me", "him", "her", "us", "them"])} the {random.Pick(Things.Concat(Food).ToArray())}",
            _ => $"{random.Pick(["wait", "stay", "sit", "stand", "work", "sleep"])} {random.Pick(Places)}",
        };
        return random.Next(5) switch
        {
            0 or 1 => $"please {order}",
            2 => $"{order} {random.Pick(["now", "please", "again", "first", "today", "for me"])}",
            _ => order,
        };
    }

    /// <summary>A sentence joined with digits, a number, a time, a date or a spelling; at most 55 characters.</summary>
    public string Combination()
    {
        while (true)
        {
            string text = random.Next(14) switch
            {
                0 or 1 or 2 => $"{Digits(random.Between(1, 3))} {Command()}",
                3 => $"{Command()} {Digits(random.Between(1, 3))}",
                4 => $"{random.Pick(["call", "the code is", "my number is", "room number", "please dial", "the answer is"])} {Digits(random.Between(2, 5))}",
                5 => $"{random.Pick(["the train leaves", "we will meet", "wake me up", "the shop opens", "dinner is", "the bus comes"])} at {ClockTime()}",
                6 => $"{random.Pick(["we will meet", "the party is", "school starts", "see you", "call me"])} on {Day()}",
                7 => $"{random.Pick(["turn to page", "it costs", "we need", "i counted"])} {NumberWords.Cardinal(random.Between(10, 300), random.Chance(0.3))}",
                8 => $"{NumberWords.Cardinal(random.Between(10, 200))} {Plural(random.Pick(Things))} {random.Pick(Places)}",
                9 => $"{random.Pick(["spell", "write", "type", "my name is"])} {RandomLetters(random.Between(2, 4))}",
                10 => $"{random.Pick(["hello", "yes", "no", "okay", "thank you", "sorry", "good morning"])} {Sentence()}",
                11 => $"{Command()} and {Command()}",
                12 => $"it is {ClockTime()} {Command()}",
                _ => $"{Digits(random.Between(2, 4))} {random.Pick(["is the number", "is correct", "is wrong", "thank you", "over and out"])}",
            };
            if (text.Length <= 55) return text;
        }
    }

    private string State() => random.Next(4) switch
    {
        0 => random.Pick(["i am", "you are", "we are", "they are", "he is", "she is", "i'm", "you're", "we're", "they're", "he's", "she's"])
            + $" {random.Pick(Feelings)} {Maybe(["today", "now", "again", "this morning"])}",
        1 => $"the {random.Pick(Things)} is {random.Pick(Adjectives)} and {random.Pick(Adjectives)}",
        2 => $"the {random.Pick(Things.Concat(Food).ToArray())} {random.Pick(["is", "was"])} {random.Pick(["too", "very", "not", "so"])} {random.Pick(Adjectives)}",
        _ => $"{random.Pick(["it's", "it is"])} {random.Pick(Weather)} {Maybe(["today", "now", "again", "here"])}",
    };

    private string Question() => random.Next(8) switch
    {
        0 => $"where is {random.Pick(["my", "your", "the", "our", "his", "her"])} {Described(random.Pick(Things))}",
        1 => $"did {random.Pick(Persons)} {random.Pick(Handling).Base} {Object()} {Maybe(PastTimes)}",
        2 => $"can {random.Pick(Persons)} {random.Pick(Handling).Base} {Object()} {Maybe(["now", "today", "here"])}",
        3 => $"do you {random.Pick(["like", "want", "have", "need", "see"])} {random.Pick(["the", "some", "this"])} {random.Pick(Food)}",
        4 => $"who {random.Pick(Handling).Past} {Object()}",
        5 => $"why did {random.Pick(Persons)} {random.Pick(Moving).Base} {random.Pick(Goals)}",
        6 => $"how {random.Pick(["old", "big", "far", "heavy", "long"])} is the {random.Pick(Things.Concat(Animals).ToArray())}",
        _ => $"what {random.Pick(["is", "was"])} {random.Pick(["that", "this", "in the box", "your name", "his answer", "on the table", "the problem"])} {Maybe(PastTimes)}",
    };

    private string Future() => random.Next(3) switch
    {
        0 => $"{Subject()} will {random.Pick(Moving).Base} {random.Pick(Goals)} {random.Pick(FutureTimes)}",
        1 => $"{random.Pick(["i", "we", "you", "they"])} {random.Pick(["want", "have", "need", "hope"])} to {random.Pick(Handling).Base} {Object()} {Maybe(FutureTimes)}",
        _ => $"{random.Pick(["i'll", "we'll", "he'll", "she'll", "they'll"])} {random.Pick(Staying).Base} {Tail(FutureTimes)}",
    };

    private string Negation() => random.Next(3) switch
    {
        0 => $"{random.Pick(["i don't", "we don't", "he doesn't", "she doesn't", "they don't"])} {random.Pick(["know", "remember", "understand"])} {random.Pick(Facts)}",
        1 => $"{random.Pick(Persons)} {random.Pick(["can't", "won't", "didn't", "couldn't"])} {random.Pick(Handling).Base} {Object()}",
        _ => $"{random.Pick(Persons)} {random.Pick(["can't", "won't", "didn't"])} {random.Pick(Staying).Base} {Tail(["today", "tonight", "now", "yet"])}",
    };

    private string ThereAre() => random.Chance(0.5)
        ? $"there are {NumberWords.Cardinal(random.Between(2, 12))} {Plural(random.Chance(0.5) ? random.Pick(Animals) : random.Pick(Things))} {random.Pick(Places)}"
        : $"there {random.Pick(["is", "was"])} {Article(Described(random.Chance(0.5) ? random.Pick(Animals) : random.Pick(Things)))} {random.Pick(Places)}";

    private string Subject() => random.Next(10) switch
    {
        < 3 => random.Pick(Persons),
        < 8 => random.Pick(People),
        _ => $"the {Described(random.Pick(Animals))}",
    };

    private string Object() => random.Next(5) switch
    {
        0 => Article(Described(random.Pick(Things))),
        1 => $"{random.Pick(["my", "your", "his", "her", "our", "their", "this", "that"])} {random.Pick(Things)}",
        2 => random.Chance(0.5) ? "it" : $"the {random.Pick(Animals)}",
        _ => $"the {Described(random.Pick(Things))}",
    };

    private string ClockTime()
    {
        string hour = NumberWords.Cardinal(random.Between(1, 12));
        int minute = random.Between(1, 59);
        return random.Next(10) switch
        {
            0 => $"{hour} o'clock",
            1 => $"half past {hour}",
            2 => $"quarter {random.Pick(["to", "past"])} {hour}",
            3 => $"{NumberWords.Cardinal(random.Between(1, 29))} {random.Pick(["to", "past"])} {hour}",
            _ => minute < 10 ? $"{hour} oh {NumberWords.Cardinal(minute)}" : $"{hour} {NumberWords.Cardinal(minute)}",
        };
    }

    private string Day()
    {
        int month = random.Next(12);
        string day = EnglishNumbers.Ordinal(random.Between(1, DaysInMonth[month]));
        return random.Next(3) switch
        {
            0 => $"{Months[month]} {day}",
            1 => $"{Months[month]} the {day}",
            _ => $"the {day} of {Months[month]}",
        };
    }

    private string Described(string noun) => random.Chance(0.35) ? $"{random.Pick(Adjectives)} {noun}" : noun;

    private string Tail(string[] times) => random.Chance(0.5) ? random.Pick(Places) : random.Pick(times);

    private string Maybe(string[] endings) => random.Chance(0.4) ? random.Pick(endings) : "";

    private string RandomLetters(int count)
    {
        var letters = new char[count];
        for (int i = 0; i < count; i++) letters[i] = (char)('A' + random.Next(26));
        return string.Join(' ', letters);
    }

    private static string Letters(string word) => string.Join(' ', word.ToUpperInvariant().ToCharArray());

    private static string Article(string phrase) => "aeiou".Contains(phrase[0]) ? $"an {phrase}" : $"a {phrase}";

    private static string Plural(string noun)
    {
        foreach (string pair in PluralIrregular)
            if (pair.StartsWith(noun + " ", StringComparison.Ordinal)) return pair[(noun.Length + 1)..];
        return noun + "s";
    }

    private static string OfGoodLength(Func<string> draw)
    {
        while (true)
        {
            string text = draw().TrimEnd();
            if (text.Length is >= ShortestSentence and <= LongestSentence) return text;
        }
    }
}
