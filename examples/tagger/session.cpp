#include "session.hpp"

#include <cstdio>
#include <xnn/io/safetensors.hpp>
#include <xnn/models/tagger.hpp>
#include <xnn/tools/progress.hpp>

#include "batch.hpp"
#include "lexicon.hpp"
#include "report.hpp"

namespace tagger {

namespace {

namespace nn = xnn::nn;
using xnn::index_t;

using Model = xnn::models::LSTMTagger<vocabulary, tags, xnn::models::TaggerOptions{.embedding_dim = 32, .hidden_dim = 48, .bidirectional = true}>;

// What the compiler has checked before the first sentence is read.
static_assert(std::same_as<xnn::output_of<Model, xnn::Tensor<std::int64_t, Batch::Words>>, xnn::Shape<xnn::dyn, xnn::dyn, tags>>);
static_assert(number_of("saw") < vocabulary && word(number_of("saw")) == "saw");

/// Calls f(positions) for the positions 0 … count - 1 in this order, so many at a time.
template <class F>
void in_batches(const xnn::Tensor<std::int64_t, xnn::Shape<xnn::dyn>>& order, index_t size, F&& f) {
    for (index_t first = 0; first < order.size(); first += size)
        f(std::span(order.data() + first, static_cast<std::size_t>(std::min(size, order.size() - first))));
}

/// The tags that a network gives to sentences.
Answers answers_of(const Model& model, std::span<const Sentence> sentences) {
    const xnn::NoGradGuard no_grad;
    Answers answers;
    Batch batch;
    in_batches(xnn::arange(static_cast<std::int64_t>(sentences.size())), 64, [&](auto positions) {
        batch.fill(sentences, positions);
        const xnn::Tensor<std::int64_t, Batch::Words> found = xnn::argmax<2>(model(batch.words, batch.lengths));
        for (index_t i = 0; i < found.extent(0); ++i) {
            const std::int64_t* row = found.data() + i * found.extent(1);
            answers.emplace_back(row, row + batch.lengths(i));
        }
    });
    return answers;
}

/// Shows every sentence once, in random order; returns words per second.
double run_epoch(Model& model, xnn::optim::Adam& optimizer, std::span<const Sentence> sentences, const Options& options, index_t epoch) {
    const nn::CrossEntropyLoss criterion{nn::CrossEntropyLossOptions{.ignore_index = no_tag}};
    const auto count = static_cast<index_t>(sentences.size());
    xnn::tools::Progress progress(count, {.label = "epoch " + std::to_string(epoch), .unit = "sentences"});
    Batch batch;
    index_t words = 0;
    double recent = 0;
    in_batches(xnn::randperm(count), options.batch, [&](auto positions) {
        batch.fill(sentences, positions);
        optimizer.zero_grad();
        auto scores = model(batch.words, batch.lengths);
        auto loss = criterion(scores | nn::Flatten<0, 1>{}, batch.tags);
        loss.backward();
        optimizer.step();
        for (const std::int64_t length : batch.lengths) words += length;
        recent = recent == 0 ? static_cast<double>(loss.item()) : 0.95 * recent + 0.05 * static_cast<double>(loss.item());
        char text[32];
        std::snprintf(text, sizeof text, "loss %.4f", recent);
        progress.advance(static_cast<index_t>(positions.size()), text);
    });
    progress.finish();
    return static_cast<double>(words) / progress.seconds();
}

void show_answers(std::span<const Sentence> sentences, const Answers& answers) {
    std::printf("\n%s\nWords with more than one meaning:\n%s", confusion_table(sentences, answers).c_str(), ambiguous_words(sentences, answers).c_str());
    std::printf("\nSentences, and two that were misread:\n\n");
    std::size_t right = 0, wrong = 0;
    for (std::size_t i = 0; i < sentences.size() && (right < 3 || wrong < 2); ++i) {
        std::size_t& shown = answers[i] == sentences[i].tags ? right : wrong;
        const std::size_t most = &shown == &right ? 3 : 2;
        if (shown++ < most && sentences[i].length() < 14) std::printf("%s\n", tagged(sentences[i], answers[i]).c_str());
    }
}

}  // namespace

double run_session(const Options& options) {
    xnn::manual_seed(options.seed);
    const std::vector<Sentence> training = write_sentences(options.sentences, 2 * options.seed);
    const std::vector<Sentence> test = write_sentences(1000, 2 * options.seed + 1);
    Model model;
    std::printf("%td training sentences, %zu test sentences, %td words, %td tags, %td parameters, %d threads\n", options.sentences, test.size(),
                vocabulary, tags, xnn::parameter_count<Model>, xnn::get_num_threads());
    std::printf("each word's most frequent tag: accuracy %s\n", percent(accuracy(test, most_frequent_tags(training, test))).c_str());
    std::fflush(stdout);

    xnn::optim::Adam optimizer(model, {.lr = options.lr});
    Answers answers;
    for (index_t epoch = 1; epoch <= options.epochs; ++epoch) {
        const double words_per_second = run_epoch(model, optimizer, training, options, epoch);
        answers = answers_of(model, test);
        std::printf("epoch %td: accuracy %s, trained at %.0f words/s\n", epoch, percent(accuracy(test, answers)).c_str(), words_per_second);
        std::fflush(stdout);
    }
    show_answers(test, answers);

    xnn::io::save_safetensors(options.checkpoint, model.state_dict(), {{"model", "tagger"}});
    Model restored;
    xnn::io::load_safetensors(options.checkpoint, restored.state_dict());
    if (answers_of(restored, test) != answers) xnn::fail(options.checkpoint.string(), "the network that was saved", "one that answers differently");
    std::printf("checkpoint: %s, loaded into a new network\n", options.checkpoint.c_str());
    return accuracy(test, answers);
}

}  // namespace tagger
