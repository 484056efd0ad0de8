// `ditar say`: the options, their limits and their help. What it does is in SpeakAloud.

using System.CommandLine;
using System.CommandLine.Parsing;
using Ditar.Onnx;
using Ditar.Reference.Diffusion;
using Ditar.Simd;

namespace Ditar.Edge;

internal static class SayCommand
{
    public const string FirstExample = """  ditar say "seven three nine, open the door" -o hello.wav""";

    public const string Examples =
        """
          ditar say "seven three nine, open the door" -o hello.wav
          ditar say "It is 10:30." --voice rms --play
          ditar say --file story.txt -o story.wav --plot story.svg
          echo "good morning" | ditar say - -o - | aplay -q -f S16_LE -r 16000
          ditar say "call me tomorrow" --prompt me.wav --prompt-text "where is my blue cup"
          ditar say "good morning" --backend onnx --onnx onnx/ --provider auto
          ditar say --model VoxCPM-0.5B --backend onnx --onnx onnx-voxcpm/ --threads 2 "Good morning."
          ditar say --model VoxCPM2 --reference voice.wav "A cloned voice." --play
          ditar say --model VoxCPM2 --control "a calm old man" "Good evening." -o evening.wav
          ditar say --model VoxCPM2 --voice anna --file book.txt --stream -o book.wav
          ditar say --seed 7 --steps 4 --guidance 2 --temperature 0.5 -- "-5 degrees"
        """;

    private const int MostThreads = 256;

    public static Command Create()
    {
        var text = new Argument<string[]>("text") { Description = "what to say; - or nothing reads standard input", Arity = ArgumentArity.ZeroOrMore };
        var file = new Option<string>("--file", "-f") { Description = "read the text from a file (UTF-8)", HelpName = "FILE" };
        var output = new Option<string>("--output", "-o")
        {
            Description = "WAV file to write; - writes raw 16-bit little-endian samples to standard output [default: the first free of speech.wav, speech-2.wav, ...]",
            HelpName = "FILE",
        };
        var voice = new Option<string>("--voice", "-v") { Description = "a voice stored with the model, see 'ditar info' [default: its first]; VoxCPM: one of 'ditar voice'", HelpName = "NAME" };
        var voices = new Option<string>("--voices") { Description = "VoxCPM: folder of the stored voices; see 'ditar voice add --help'", HelpName = "DIR" };
        var prompt = new Option<string>("--prompt") { Description = "speak in the voice of a recording: a WAV file of about two seconds", HelpName = "WAV" };
        var promptText = new Option<string>("--prompt-text") { Description = "what is said in the recording", HelpName = "TEXT" };
        var reference = new Option<string>("--reference") { Description = "VoxCPM 2: take the voice of a recording, without its text", HelpName = "WAV" };
        var control = new Option<string>("--control") { Description = "VoxCPM: describe the voice or the style", HelpName = "TEXT" };
        var noise = new Option<string>("--noise")
        {
            Description = "VoxCPM: philox, torch-cpu (what PyTorch draws for the seed), or a safetensors file of noise [patches, dims, latents] [default: philox]",
            HelpName = "SOURCE",
        };
        var lora = new Option<string>("--lora") { Description = "VoxCPM: a LoRA folder, merged into the weights", HelpName = "DIR" };
        var seed = new Option<ulong>("--seed") { Description = "the same seed gives the same speech", HelpName = "N" };
        var steps = new Option<int?>("--steps") { Description = "solver steps for each patch: fewer are faster [default: the model's]", HelpName = "N" };
        var guidance = new Option<double?>("--guidance") { Description = "how strongly the text is held to; 0 is none, 1 to 2 are good [default: the model's]", HelpName = "W" };
        var temperature = new Option<double?>("--temperature") { Description = "0 (always the same) to 1 (lively) [default: the model's]", HelpName = "TAU" };
        var model = new Option<string>("--model", "-m") { Description = "folder of the checkpoint [default: models/ditar-tiny, where it is found]", HelpName = "DIR" };
        var threads = new Option<int>("--threads") { Description = "threads to use; more help large models only, and change no sample", HelpName = "N", DefaultValueFactory = _ => 1 };
        var backend = new Option<string>("--backend")
        {
            Description = "what computes: simd (the fused engine), definition (the model as it is written, on vector kernels), reference (on plain loops, slow), onnx (exported graphs in ONNX Runtime); all speak the same",
            HelpName = "NAME",
            DefaultValueFactory = _ => "simd",
        };
        var graphs = new Option<string>("--onnx") { Description = "with --backend onnx: the folder that 'ditar-parity export' wrote for this model", HelpName = "DIR" };
        var provider = new Option<string>("--provider")
        {
            Description = "with --backend onnx: auto (CUDA, else WebGPU on a real GPU, else cpu), or one of cpu, webgpu, cuda, which is then taken or refused [default: auto]",
            HelpName = "NAME",
        };
        var weights = new Option<string>("--weights")
        {
            Description = "how the engine stores weights: float32, bf16, int8, or int4 (language model only, the rest int8); smaller is faster and less exact [default: as the checkpoint does]",
            HelpName = "FORMAT",
        };
        var stream = new Option<bool>("--stream") { Description = "write the sound as it is made, patch by patch; VoxCPM: without second attempts (--play and '-o -' do the same)" };
        var attempts = new Option<int?>("--attempts")
        {
            Description = "VoxCPM: an utterance that goes on for far longer than its text takes is made again with the next seed, up to N times in all, before its sound is written [default: 3]",
            HelpName = "N",
        };
        var longest = new Option<int?>("--longest")
        {
            Description = "cut texts into utterances of at most this many characters, at sentences, then commas, then words; VoxCPM: a Chinese character counts three [default: the model's: 60, VoxCPM 240]",
            HelpName = "N",
        };
        var play = new Option<bool>("--play") { Description = "play it through aplay, ffplay or afplay" };
        var plot = new Option<string>("--plot") { Description = "draw waveform, mel spectrogram, patches and stop probabilities", HelpName = "SVG" };
        var quiet = new Option<bool>("--quiet", "-q") { Description = "no progress and no last line, only warnings and errors" };

        backend.AcceptOnlyFromAmong([.. Enum.GetNames<BackendKind>().Select(name => name.ToLowerInvariant())]);
        provider.AcceptOnlyFromAmong([.. ProviderChoice.Names]);
        weights.AcceptOnlyFromAmong([.. EngineFormats.Names]);
        Limit(steps, 1, SamplerOptions.MostSteps);
        Limit(guidance, 0, SamplerOptions.MostGuidance);
        Limit(temperature, 0, 1);
        Limit(threads, 1, MostThreads);
        Limit(attempts, 1, OfficialSpeakOptions.MostAttempts);
        Limit(longest, 16, Speaker.LongestText);
        var command = new Command("say", "Speak a text.")
        {
            text, file, output, voice, prompt, promptText, seed, steps, guidance, temperature, model, threads, backend, weights, graphs, provider,
            play, stream, plot, quiet, longest, reference, control, voices, attempts, noise, lora,
        };
        command.Validators.Add(result =>
        {
            var words = result.GetValue(text) ?? [];
            if (result.GetResult(file) is not null && words.Length > 0) result.AddError("Give a text or --file, not both.");
            if (result.GetResult(file) is null && words.Length == 0 && !Console.IsInputRedirected) result.AddError("There is nothing to say: give a text, --file, or - for standard input.");
            if (result.GetResult(prompt) is null != result.GetResult(promptText) is null) result.AddError("--prompt and --prompt-text go together: the model must know what the recording says.");
            if (result.GetResult(prompt) is not null && result.GetResult(voice) is not null) result.AddError("Give --voice or --prompt, not both.");
            if (result.GetResult(reference) is not null && result.GetResult(voice) is not null) result.AddError("Give --voice or --reference, not both.");
            if (result.GetResult(voices) is not null && result.GetResult(voice) is null) result.AddError("--voices goes with --voice.");
            if (Typed(result, attempts) is not (null or "1") && (result.GetValue(stream) || result.GetValue(play) || result.GetValue(output) == InputText.StandardInput))
                result.AddError("Sound that is heard while it is made cannot be taken back: --attempts excludes --stream, --play and '-o -'.");
            // As typed: the value of an option that is wrong in itself cannot be asked for.
            var isOnnx = Typed(result, backend) == "onnx";
            if (isOnnx && result.GetResult(graphs) is null) result.AddError("--backend onnx needs --onnx with the folder of the exported graphs; 'ditar-parity export --model DIR -o GRAPHS' writes it.");
            if (!isOnnx && (result.GetResult(graphs) ?? result.GetResult(provider)) is not null) result.AddError("--onnx and --provider go with --backend onnx.");
            if (result.GetResult(weights) is not null && Typed(result, backend) is not (null or "simd")) result.AddError("--weights goes with --backend simd.");
            if (Typed(result, backend) == "reference" && Typed(result, threads) is not (null or "1")) result.AddError("--backend reference has one thread.");
            if (result.GetValue(play) && result.GetValue(output) == InputText.StandardInput) result.AddError("--play and '-o -' exclude each other.");
        });
        command.SetAction(parsed =>
        {
            var words = parsed.GetValue(text) ?? [];
            // The text may have any number of words, so the parser takes an option that it does not know for one of them.
            var stray = parsed.Tokens.TakeWhile(token => token.Type != TokenType.DoubleDash).FirstOrDefault(token => token.Value is ['-', _, ..] && words.Contains(token.Value));
            if (stray is not null) return Failures.Usage($"There is no option {stray.Value}. Put -- before a text that begins with a dash.", command);
            var options = new SpeakOptions
            {
                Seed = parsed.GetValue(seed),
                Steps = parsed.GetValue(steps),
                Guidance = parsed.GetValue(guidance),
                Temperature = parsed.GetValue(temperature),
            };
            var computing = new SpeechBackend(
                Enum.Parse<BackendKind>(parsed.GetValue(backend)!, ignoreCase: true), parsed.GetValue(threads), parsed.GetValue(graphs), parsed.GetValue(provider) ?? ProviderChoice.Auto)
            {
                Weights = parsed.GetValue(weights) is { } format ? EngineFormats.Named(format) : null,
            };
            var request = new SayRequest(
                words, parsed.GetValue(file), parsed.GetValue(output), parsed.GetValue(model), parsed.GetValue(voice), parsed.GetValue(prompt),
                parsed.GetValue(promptText), options, computing, parsed.GetValue(play), parsed.GetValue(plot), parsed.GetValue(quiet))
            {
                Stream = parsed.GetValue(stream),
                Longest = parsed.GetValue(longest),
                VoxCpm = new VoxCpmRequest(
                    parsed.GetValue(reference), parsed.GetValue(control), parsed.GetValue(noise), parsed.GetValue(lora), parsed.GetValue(attempts), parsed.GetValue(voices)),
            };
            return Failures.Guard(() => SpeakAloud.Run(request));
        });
        return command;
    }

    private static string? Typed(CommandResult result, Option option) => result.GetResult(option)?.Tokens is [var token] ? token.Value : null;

    // NaN is parsed as a number and lies outside of every range.
    internal static void Limit(Option option, double lowest, double highest) => option.Validators.Add(result =>
    {
        if (result.Tokens is [var token] && double.TryParse(token.Value, out var value) && !(value >= lowest && value <= highest))
            result.AddError($"{option.Name} must be {lowest} to {highest}, found {token.Value}.");
    });
}
