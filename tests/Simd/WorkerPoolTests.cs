using Ditar.Simd;

namespace Ditar.Tests.Simd;

[Trait("Category", "Kernel")]
public class WorkerPoolTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Every_part_runs_exactly_once(int size)
    {
        using var pool = new WorkerPool(size);
        for (var parts = 0; parts < 40; parts++)
        {
            var runs = new int[parts];
            pool.Run(parts, part => Interlocked.Increment(ref runs[part]));
            Assert.All(runs, count => Assert.Equal(1, count));
        }
    }

    [Fact]
    public void Parts_run_on_more_than_one_thread()
    {
        using var pool = new WorkerPool(2);
        using var both = new Barrier(2);
        var met = 0;
        pool.Run(2, _ =>
        {
            if (both.SignalAndWait(TimeSpan.FromSeconds(30)))
                Interlocked.Increment(ref met);
        });
        Assert.Equal(2, met);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void The_exception_of_a_part_reaches_the_caller_and_the_pool_stays_usable(int size)
    {
        using var pool = new WorkerPool(size);
        var failure = Assert.Throws<InvalidOperationException>(() => pool.Run(8, part =>
        {
            if (part == 5)
                throw new InvalidOperationException("part 5");
        }));
        Assert.Equal("part 5", failure.Message);
        var ran = 0;
        pool.Run(8, _ => Interlocked.Increment(ref ran));
        Assert.Equal(8, ran);
    }

    [Fact]
    public void A_run_inside_a_part_works_inline()
    {
        using var pool = new WorkerPool(2);
        var ran = 0;
        pool.Run(4, _ => pool.Run(3, _ => Interlocked.Increment(ref ran)));
        Assert.Equal(12, ran);
    }

    [Fact]
    public void Threads_may_share_a_pool()
    {
        using var pool = new WorkerPool(2);
        var total = 0;
        var callers = Enumerable.Range(0, 4).Select(_ => new Thread(() =>
        {
            for (var i = 0; i < 500; i++)
                pool.Run(3, _ => Interlocked.Increment(ref total));
        })).ToArray();
        Array.ForEach(callers, caller => caller.Start());
        Array.ForEach(callers, caller => caller.Join());
        Assert.Equal(4 * 500 * 3, total);
    }

    [Fact]
    public void Jobs_reach_threads_that_spin_and_threads_that_sleep()
    {
        using var pool = new WorkerPool(4);
        var random = new Random(3);
        for (var i = 0; i < 60; i++)
        {
            // Some jobs follow at once, others after the threads went to sleep.
            for (var j = 0; j < 200; j++)
            {
                var ran = 0;
                pool.Run(7, _ => Interlocked.Increment(ref ran));
                Assert.Equal(7, ran);
            }

            Thread.Sleep(random.Next(3));
        }
    }

    [Fact]
    public void A_pool_is_disposed_while_its_threads_spin_or_sleep()
    {
        for (var i = 0; i < 20; i++)
        {
            var pool = new WorkerPool(3);
            pool.Run(3, new Nothing());
            if (i % 2 == 0)
                Thread.Sleep(2);
            pool.Dispose();
        }
    }

    [Fact]
    public void A_run_allocates_nothing()
    {
        using var pool = new WorkerPool(2);
        pool.Run(4, new Nothing());
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
            pool.Run(4, new Nothing());
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void A_disposed_pool_refuses_work_and_its_threads_have_ended()
    {
        var pool = new WorkerPool(3);
        pool.Dispose();
        pool.Dispose();
        Assert.Throws<ObjectDisposedException>(() => pool.Run(2, _ => { }));
    }

    [Fact]
    public void A_size_outside_the_limits_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new WorkerPool(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new WorkerPool(2000));
    }

    private readonly struct Nothing : IParallelWork
    {
        public void Invoke(int part)
        {
        }
    }
}
