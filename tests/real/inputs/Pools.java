import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;

/** Threads that share work, hand it over, and count, while the virtual machine compiles and collects. */
public class Pools {
    private static void pool() throws Exception {
        ConcurrentHashMap<Integer, Integer> counts = new ConcurrentHashMap<>();
        ExecutorService pool = Executors.newFixedThreadPool(4);
        List<Future<Integer>> answers = new ArrayList<>();
        for (int task = 0; task < 200; task++) {
            int number = task;
            answers.add(pool.submit(() -> {
                for (int i = 0; i < 2000; i++) {
                    counts.merge(i % 97, 1, Integer::sum);
                }
                return number;
            }));
        }
        int sum = 0;
        for (Future<Integer> answer : answers) {
            sum += answer.get();
        }
        pool.shutdown();
        System.out.println(sum + " " + counts.values().stream().mapToInt(i -> i).sum());
    }

    private static void handOver() throws Exception {
        SynchronousQueue<Integer> queue = new SynchronousQueue<>();
        Thread giver = new Thread(() -> {
            try {
                for (int i = 0; i < 3000; i++) {
                    queue.put(i);
                }
            } catch (InterruptedException error) {
                throw new RuntimeException(error);
            }
        });
        giver.start();
        long sum = 0;
        for (int i = 0; i < 3000; i++) {
            sum += queue.take();
        }
        giver.join();
        System.out.println(sum);
    }

    private static void collect() {
        List<byte[]> kept = new ArrayList<>();
        for (int i = 0; i < 3000; i++) {
            kept.add(new byte[50000]);
            if (kept.size() > 200) {
                kept.clear();
            }
        }
        System.gc();
    }

    private static void count() throws Exception {
        AtomicLong count = new AtomicLong();
        Thread[] threads = new Thread[4];
        for (int i = 0; i < threads.length; i++) {
            threads[i] = new Thread(() -> {
                for (int j = 0; j < 200000; j++) {
                    count.incrementAndGet();
                }
            });
            threads[i].start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        System.out.println(count.get());
    }

    public static void main(String[] words) throws Exception {
        System.out.println(
            IntStream.range(0, 2_000_000).parallel().mapToLong(i -> Integer.toString(i).hashCode()).sum());
        pool();
        handOver();
        collect();
        count();
    }
}
