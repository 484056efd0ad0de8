// Corpus texts as symbols of the default tokenizer. The corpus has no other characters; one that slipped in stops the training.

using Ditar.Reference.Text;

namespace Ditar.Learn;

internal static class SpeechSymbols
{
    public static int Count => CharacterTokenizer.Default.Symbols.Count;

    public static int AudioStart => CharacterTokenizer.Default.AudioStartId;

    /// <exception cref="TrainingException">A character that the model has no symbol for.</exception>
    public static int[] Of(string text)
    {
        var (symbols, unknown) = CharacterTokenizer.Default.Encode(text);
        return unknown.Count == 0 ? symbols : throw new TrainingException($"\"{text}\": {unknown[0]}.");
    }
}
