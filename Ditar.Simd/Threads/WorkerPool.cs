// A fixed set of threads that run the parts of one job at a time. No tasks, no queues, nothing allocated per call: a kernel of a few
// microseconds must be worth splitting. Which thread runs which part is left open; kernels split so that it cannot change a result.
//
// A job is announced by one atomic write, which threads that spin see at once; the lock is taken only to wake threads that sleep. Threads enter a job
// and leave it by counting themselves in the same word. The caller closes the job when it finds no part left and waits for those inside alone: a thread
// that wakes too late finds the job closed, and nobody waited for it.

using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace Ditar.Simd;

/// <summary>A job in numbered parts that may run at the same time. Implement it as a struct: a call then allocates nothing.</summary>
public interface IParallelWork
{
    /// <summary>Runs one part, on any thread.</summary>
    void Invoke(int part);
}

/// <summary>
/// Persistent worker threads. The calling thread works too, so a pool of size n starts n - 1 threads and a pool of size 1 runs inline.
/// A call from inside a part, or while another thread's job is running, also runs inline: nothing waits for anything it could deadlock on.
/// </summary>
public sealed unsafe class WorkerPool : IDisposable
{
    // Some 50 microseconds of single pause instructions (40 to 60 nanoseconds each): a following layer's job arrives within that, and longer would
    // starve the other training thread or process on a busy machine (recipe.md, section 7: threads that spin at barriers lose).
    private const int SpinRounds = 1000;

    // The word: how many threads are inside, whether the job is open to more, and which job it is.
    private const long Inside = 0x7FFF_FFFF, Open = 1L << 31, OneJob = 1L << 32;

    [ThreadStatic]
    private static bool _insideWork;

    private readonly Lock _oneJob = new();
    private readonly object _signal = new();
    private readonly Thread[] _threads;

    // The job: set before _state announces it, read by threads that are inside.
    private delegate*<void*, int, void> _invoke;
    private void* _work;
    private int _parts;
    private int _nextPart;
    private Exception? _failure;

    private long _state;
    private int _sleeping;
    private int _callerSleeps;
    private bool _disposed;

    /// <summary>Starts the threads.</summary>
    /// <param name="size">Threads that work on a job, the caller included.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is not in 1..1024.</exception>
    public WorkerPool(int size)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, 1024);
        _threads = new Thread[size - 1];
        for (var i = 0; i < _threads.Length; i++)
        {
            _threads[i] = new Thread(Serve) { IsBackground = true, Name = $"Ditar worker {i + 1}" };
            _threads[i].Start();
        }
    }

    /// <summary>One pool for the process, as many threads as the machine has cores. It is never disposed.</summary>
    public static WorkerPool Shared { get; } = new(Environment.ProcessorCount);

    /// <summary>Threads that work on a job, the caller included.</summary>
    public int Size => _threads.Length + 1;

    /// <summary>Runs parts 0..parts-1 and returns when all have finished. Allocates nothing.</summary>
    /// <param name="parts">How many parts; 0 or fewer does nothing.</param>
    /// <param name="work">The job; parts see one shared copy of it.</param>
    /// <exception cref="ObjectDisposedException">The pool was disposed.</exception>
    /// <remarks>When parts throw, the rest is skipped and the first exception is thrown here with its own stack trace.</remarks>
    public void Run<TWork>(int parts, TWork work)
        where TWork : struct, IParallelWork
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (parts <= 1 || _threads.Length == 0 || _insideWork || !_oneJob.TryEnter())
        {
            for (var part = 0; part < parts; part++)
                work.Invoke(part);
            return;
        }

        Exception? failure;
        try
        {
            // `work` is this frame's own copy. A stack slot never moves, the collector keeps references inside it up to date, and the frame
            // outlives the job because of the wait below: workers may use its address.
            _work = Unsafe.AsPointer(ref work);
            _invoke = &InvokeOn<TWork>;
            RunOnAll(parts);
        }
        finally
        {
            failure = _failure;
            _failure = null;
            _work = null;
            _oneJob.Exit();
        }

        if (failure is not null)
            ExceptionDispatchInfo.Throw(failure);
    }

    /// <summary>Runs <paramref name="body"/> with 0..parts-1. Allocates nothing itself; the delegate is the caller's.</summary>
    /// <param name="parts">How many parts.</param>
    /// <param name="body">Receives the part's number, on any thread.</param>
    public void Run(int parts, Action<int> body)
    {
        ArgumentNullException.ThrowIfNull(body);
        Run(parts, new DelegateWork(body));
    }

    /// <summary>Ends the threads. A job that is running finishes first.</summary>
    public void Dispose()
    {
        lock (_oneJob)
        {
            if (_disposed)
                return;
            lock (_signal)
            {
                _disposed = true;
                Interlocked.Add(ref _state, OneJob);
                Monitor.PulseAll(_signal);
            }
        }

        foreach (var thread in _threads)
            thread.Join();
    }

    private static void InvokeOn<TWork>(void* work, int part)
        where TWork : struct, IParallelWork => Unsafe.AsRef<TWork>(work).Invoke(part);

    private void RunOnAll(int parts)
    {
        _parts = parts;
        _nextPart = 0;
        // Nobody is inside between jobs. The exchange is a full fence: whoever went to sleep before it is counted, who does after it looks again.
        Interlocked.Exchange(ref _state, ((_state | Inside | Open) + 1) | Open);
        if (Volatile.Read(ref _sleeping) > 0)
        {
            lock (_signal)
                Monitor.PulseAll(_signal);
        }

        Work();
        Interlocked.And(ref _state, ~Open);
        for (var spin = 0; spin < SpinRounds && (Volatile.Read(ref _state) & Inside) != 0; spin++)
            Thread.SpinWait(1);
        if ((Volatile.Read(ref _state) & Inside) == 0)
            return;
        lock (_signal)
        {
            Interlocked.Exchange(ref _callerSleeps, 1);
            while ((Volatile.Read(ref _state) & Inside) != 0)
                Monitor.Wait(_signal);
            _callerSleeps = 0;
        }
    }

    private void Serve()
    {
        var seen = 0L;
        while (true)
        {
            for (var spin = 0; spin < SpinRounds && JobOf(Volatile.Read(ref _state)) == seen; spin++)
                Thread.SpinWait(1);
            if (JobOf(Volatile.Read(ref _state)) == seen)
                Sleep(seen);
            seen = JobOf(Volatile.Read(ref _state));
            if (Volatile.Read(ref _disposed))
                return;
            if (TryEnter(seen))
            {
                Work();
                if ((Interlocked.Decrement(ref _state) & Inside) == 0 && Volatile.Read(ref _callerSleeps) != 0)
                {
                    lock (_signal)
                        Monitor.PulseAll(_signal);
                }
            }
        }
    }

    private void Sleep(long seen)
    {
        lock (_signal)
        {
            Interlocked.Increment(ref _sleeping);
            while (JobOf(Volatile.Read(ref _state)) == seen)
                Monitor.Wait(_signal);
            Interlocked.Decrement(ref _sleeping);
        }
    }

    private bool TryEnter(long job)
    {
        while (true)
        {
            var state = Volatile.Read(ref _state);
            if (JobOf(state) != job || (state & Open) == 0)
                return false;
            if (Interlocked.CompareExchange(ref _state, state + 1, state) == state)
                return true;
        }
    }

    private static long JobOf(long state) => state >> 32;

    private void Work()
    {
        _insideWork = true;
        try
        {
            int part;
            while ((part = Interlocked.Increment(ref _nextPart) - 1) < _parts)
                _invoke(_work, part);
        }
#pragma warning disable CA1031 // Every failure is handed to the caller of Run.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            Interlocked.CompareExchange(ref _failure, failure, null);
            Volatile.Write(ref _nextPart, _parts);
        }
        finally
        {
            _insideWork = false;
        }
    }

    private readonly struct DelegateWork(Action<int> body) : IParallelWork
    {
        public void Invoke(int part) => body(part);
    }
}
