// Serves calls of a function over the channel. It stands before the program, whose macros so do not reach it.
//
// The types of the function's parameters say how the arguments are read: Json<T> reads and writes a T. The program
// shares the process and can write to the channel what it likes; that gains it nothing, the right answers are not here.
#pragma once
#include <unistd.h>

#include <bits/stdc++.h>

namespace synthetic1_call {

[[noreturn]] inline void fail(const char *why) {
    std::fflush(nullptr);
    std::string line = std::string("call: ") + why + "\n";
    if (::write(2, line.data(), line.size()) < 0) ::_exit(2);
    ::_exit(1);
}

// Where we are in the JSON text of the arguments, which is ASCII.
struct Reader {
    const char *at, *end;

    char peek() {
        while (at < end && (*at == ' ' || *at == '\t')) ++at;
        return at < end ? *at : '\0';
    }
    bool take(char wanted) { return peek() == wanted ? (++at, true) : false; }
    void expect(char wanted, const char *why) {
        if (!take(wanted)) fail(why);
    }
    bool word(const char *wanted) {
        peek();
        std::size_t length = std::strlen(wanted);
        if (std::size_t(end - at) < length || std::memcmp(at, wanted, length) != 0) return false;
        at += length;
        return true;
    }
    std::string_view number() {
        peek();
        const char *start = at;
        while (at < end && std::strchr("+-.0123456789eE", *at)) ++at;
        if (start == at) fail("an argument is not a number, its parameter is one");
        return {start, std::size_t(at - start)};
    }
    // One element at a time: for (bool first = true; reader.next(first, ']');)
    bool next(bool &first, char closing) {
        if (take(closing)) return false;
        if (!first) expect(',', "malformed arguments");
        first = false;
        return true;
    }
    unsigned unit() {
        if (end - at < 4) fail("malformed string");
        unsigned code = std::stoul(std::string(at, 4), nullptr, 16);
        at += 4;
        return code;
    }
    std::string text() {
        expect('"', "an argument is not a string, its parameter is one");
        std::string out;
        while (at < end && *at != '"') {
            if (*at != '\\') {
                out += *at++;
                continue;
            }
            if (end - at < 2) fail("malformed string");
            char escaped = at[1];
            at += 2;
            static const char from[] = "nrtbf", to[] = "\n\r\t\b\f";
            if (escaped != 'u') {
                const char *found = std::strchr(from, escaped);
                out += found ? to[found - from] : escaped;
                continue;
            }
            unsigned code = unit();
            if (code >= 0xD800 && code < 0xDC00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u') {
                at += 2;
                code = 0x10000 + ((code - 0xD800) << 10) + (unit() - 0xDC00);
            }
            if (code < 0x80) {
                out += char(code);
            } else if (code < 0x800) {
                out += char(0xC0 | code >> 6);
                out += char(0x80 | (code & 0x3F));
            } else if (code < 0x10000) {
                out += char(0xE0 | code >> 12);
                out += char(0x80 | (code >> 6 & 0x3F));
                out += char(0x80 | (code & 0x3F));
            } else {
                out += char(0xF0 | code >> 18);
                out += char(0x80 | (code >> 12 & 0x3F));
                out += char(0x80 | (code >> 6 & 0x3F));
                out += char(0x80 | (code & 0x3F));
            }
        }
        expect('"', "malformed string");
        return out;
    }
};

// Bytes taken for UTF-8; what is not becomes U+FFFD.
inline void quote(std::string &out, std::string_view text) {
    auto unit = [&out](unsigned code) {
        char escape[8];
        std::snprintf(escape, sizeof escape, "\\u%04x", code);
        out += escape;
    };
    out += '"';
    for (std::size_t i = 0; i < text.size();) {
        unsigned char lead = text[i];
        if (lead == '"' || lead == '\\') out += '\\';
        if (lead >= 0x20 && lead < 0x7F) {
            out += char(lead);
            ++i;
            continue;
        }
        std::size_t length = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 0;
        unsigned code = length == 1 ? lead : lead & (0x7F >> length);
        bool fine = length > 0 && i + length <= text.size();
        for (std::size_t k = 1; fine && k < length; ++k) {
            fine = (text[i + k] & 0xC0) == 0x80;
            code = code << 6 | (text[i + k] & 0x3F);
        }
        static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
        if (!fine || code < least[length] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) {
            unit(0xFFFD);
            ++i;
            continue;
        }
        i += length;
        if (code >= 0x10000) {
            unit(0xD800 + ((code - 0x10000) >> 10));
            unit(0xDC00 + ((code - 0x10000) & 0x3FF));
        } else {
            unit(code);
        }
    }
    out += '"';
}

template <class T, class = void> struct Json {
    static_assert(!sizeof(T), "no JSON value fills a parameter or result of this type");
};
template <class T> T read(Reader &reader) { return Json<T>::read(reader); }
template <class T> void write(std::string &out, const T &value) { Json<T>::write(out, value); }

template <> struct Json<bool> {
    static bool read(Reader &reader) {
        if (reader.word("true")) return true;
        if (reader.word("false")) return false;
        fail("an argument is neither true nor false, its parameter is a bool");
    }
    static void write(std::string &out, bool value) { out += value ? "true" : "false"; }
};

template <class T> constexpr bool is_whole = std::is_integral_v<T> && !std::is_same_v<T, char>;

template <class T> struct Json<T, std::enable_if_t<is_whole<T>>> {
    static T parse(std::string_view text) {
        T value{};
        auto [stopped, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error == std::errc() && stopped == text.data() + text.size()) return value;
        // 3.0 is whole as well. Only what fits is let through: a conversion of anything else is undefined.
        double real = std::strtod(std::string(text).c_str(), nullptr);
        bool fits = text.find_first_of(".eE") != text.npos && std::abs(real) < 9e15 && std::trunc(real) == real;
        if (!fits || real < double(std::numeric_limits<T>::min()) || real > double(std::numeric_limits<T>::max()))
            fail("a number does not fit the whole type of its parameter");
        return T(real);
    }
    static T read(Reader &reader) { return parse(reader.number()); }
    static void write(std::string &out, T value) { out += std::to_string(value); }
};

template <class T> struct Json<T, std::enable_if_t<std::is_floating_point_v<T>>> {
    static T read(Reader &reader) {
        if (reader.word("NaN")) return std::numeric_limits<T>::quiet_NaN();
        if (reader.word("Infinity")) return std::numeric_limits<T>::infinity();
        if (reader.word("-Infinity")) return -std::numeric_limits<T>::infinity();
        return T(std::strtold(std::string(reader.number()).c_str(), nullptr));
    }
    static void write(std::string &out, T value) {
        if (std::isnan(value)) {
            out += "NaN";
        } else if (std::isinf(value)) {
            out += value < 0 ? "-Infinity" : "Infinity";
        } else {
            char text[64];
            auto [end, error] = std::to_chars(text, text + sizeof text, double(value));
            std::string_view shown(text, end - text);
            out += shown;
            if (shown.find_first_of(".e") == shown.npos) out += ".0";
        }
    }
};

template <> struct Json<char> {
    static char read(Reader &reader) {
        std::string text = reader.text();
        if (text.size() != 1) fail("a string is not one byte long, its parameter is a char");
        return text[0];
    }
    static void write(std::string &out, char value) { quote(out, {&value, 1}); }
};

template <> struct Json<std::string> {
    static std::string read(Reader &reader) { return reader.text(); }
    static void write(std::string &out, const std::string &value) { quote(out, value); }
};
template <> struct Json<std::string_view> {
    static std::string_view read(Reader &reader) { return *new std::string(reader.text()); }
    static void write(std::string &out, std::string_view value) { quote(out, value); }
};
template <> struct Json<const char *> {
    static const char *read(Reader &reader) { return (new std::string(reader.text()))->c_str(); }
    static void write(std::string &out, const char *value) { quote(out, value); }
};

template <class T> struct Json<std::optional<T>> {
    static std::optional<T> read(Reader &reader) {
        if (reader.word("null")) return std::nullopt;
        return Json<T>::read(reader);
    }
    static void write(std::string &out, const std::optional<T> &value) {
        if (value) Json<T>::write(out, *value);
        else out += "null";
    }
};

template <class Container> struct Sequence {
    using T = typename Container::value_type;
    static Container read(Reader &reader) {
        Container items;
        reader.expect('[', "an argument is not an array, its parameter is a sequence");
        for (bool first = true; reader.next(first, ']');) items.insert(items.end(), Json<T>::read(reader));
        return items;
    }
    static void write(std::string &out, const Container &items) {
        bool first = true;
        out += '[';
        for (const T &item : items) {
            if (!first) out += ',';
            first = false;
            Json<T>::write(out, item);
        }
        out += ']';
    }
};
template <class Container, class Sorted> struct Unsorted : Sequence<Container> {
    static void write(std::string &out, const Container &items) {
        Sequence<Sorted>::write(out, Sorted(items.begin(), items.end()));
    }
};
template <class T, class A> struct Json<std::vector<T, A>> : Sequence<std::vector<T, A>> {};
template <class T, class A> struct Json<std::deque<T, A>> : Sequence<std::deque<T, A>> {};
template <class T, class A> struct Json<std::list<T, A>> : Sequence<std::list<T, A>> {};
template <class T, class... A> struct Json<std::set<T, A...>> : Sequence<std::set<T, A...>> {};
template <class T, class... A> struct Json<std::multiset<T, A...>> : Sequence<std::multiset<T, A...>> {};
template <class T, class... A>
struct Json<std::unordered_set<T, A...>> : Unsorted<std::unordered_set<T, A...>, std::set<T>> {};
template <class T, class... A>
struct Json<std::unordered_multiset<T, A...>> : Unsorted<std::unordered_multiset<T, A...>, std::multiset<T>> {};

template <class Tuple, std::size_t... I> Tuple read_fixed(Reader &reader, std::index_sequence<I...>) {
    reader.expect('[', "an argument is not an array, its parameter is a pair, a tuple or an array");
    bool first = true;
    auto item = [&](auto *type) {
        if (!reader.next(first, ']')) fail("too few values for a pair, a tuple or an array");
        return Json<std::remove_pointer_t<decltype(type)>>::read(reader);
    };
    Tuple value{item((std::tuple_element_t<I, Tuple> *)nullptr)...};
    reader.expect(']', "too many values for a pair, a tuple or an array");
    return value;
}
template <class Tuple> struct Fixed {
    using Indices = std::make_index_sequence<std::tuple_size_v<Tuple>>;
    static Tuple read(Reader &reader) { return read_fixed<Tuple>(reader, Indices{}); }
    template <std::size_t... I> static void all(std::string &out, const Tuple &value, std::index_sequence<I...>) {
        out += '[';
        ((out += I ? "," : "", synthetic1_call::write(out, std::get<I>(value))), ...);
        out += ']';
    }
    static void write(std::string &out, const Tuple &value) { all(out, value, Indices{}); }
};
template <class A, class B> struct Json<std::pair<A, B>> : Fixed<std::pair<A, B>> {};
template <class... T> struct Json<std::tuple<T...>> : Fixed<std::tuple<T...>> {};
template <class T, std::size_t N> struct Json<std::array<T, N>> : Fixed<std::array<T, N>> {};

template <class Map> struct Object {
    using K = typename Map::key_type;
    static Map read(Reader &reader) {
        Map members;
        reader.expect('{', "an argument is not an object, its parameter is a map");
        for (bool first = true; reader.next(first, '}');) {
            K key;
            if constexpr (is_whole<K>) key = Json<K>::parse(reader.text());
            else key = Json<K>::read(reader);
            reader.expect(':', "malformed object");
            members.emplace(std::move(key), Json<typename Map::mapped_type>::read(reader));
        }
        return members;
    }
    static void write(std::string &out, const Map &members) {
        out += '{';
        bool first = true;
        for (const auto &[key, value] : members) {
            if (!first) out += ',';
            first = false;
            if constexpr (is_whole<K>) quote(out, std::to_string(key));
            else Json<K>::write(out, key);
            out += ':';
            synthetic1_call::write(out, value);
        }
        out += '}';
    }
};
template <class K, class V, class... A> struct Json<std::map<K, V, A...>> : Object<std::map<K, V, A...>> {};
template <class K, class V, class... A>
struct Json<std::unordered_map<K, V, A...>> : Object<std::unordered_map<K, V, A...>> {};

// LeetCode's nodes: a list is an array, a tree an array level by level with null for a missing child.
template <class T> using Value = decltype(std::declval<T>().val);
template <class T> T *make(const Value<T> &value) {
    if constexpr (std::is_constructible_v<T, Value<T>>) {
        return new T(value);
    } else {
        T *node = new T();
        node->val = value;
        return node;
    }
}
template <class T> struct Json<T *, std::void_t<decltype(std::declval<T>().next), Value<T>>> {
    static T *read(Reader &reader) {
        T *head = nullptr, **last = &head;
        if (reader.word("null")) return head;
        for (auto &value : Json<std::vector<Value<T>>>::read(reader)) {
            *last = make<T>(value);
            last = &(*last)->next;
        }
        return head;
    }
    static void write(std::string &out, const T *node) {
        std::vector<Value<T>> values;
        for (; node; node = node->next) values.push_back(node->val);
        synthetic1_call::write(out, values);
    }
};
template <class T>
struct Json<T *, std::void_t<decltype(std::declval<T>().left), decltype(std::declval<T>().right), Value<T>>> {
    using Values = std::vector<std::optional<Value<T>>>;
    static T *read(Reader &reader) {
        T *root = nullptr;
        if (reader.word("null")) return root;
        Values values = Json<Values>::read(reader);
        std::deque<T **> places{&root};
        for (auto &value : values) {
            if (places.empty()) fail("a tree has values below a missing node");
            T **place = places.front();
            places.pop_front();
            if (!value) continue;
            *place = make<T>(*value);
            places.push_back(&(*place)->left);
            places.push_back(&(*place)->right);
        }
        return root;
    }
    static void write(std::string &out, const T *root) {
        Values values;
        for (std::deque<const T *> nodes{root}; !nodes.empty(); nodes.pop_front()) {
            const T *node = nodes.front();
            values.push_back(node ? std::optional(node->val) : std::nullopt);
            if (node) {
                nodes.push_back(node->left);
                nodes.push_back(node->right);
            }
        }
        while (!values.empty() && !values.back()) values.pop_back();
        synthetic1_call::write(out, values);
    }
};

// What stands for the value of a void function: the first argument that it can change, as it left it.
template <class Parameter>
constexpr bool can_change = std::is_lvalue_reference_v<Parameter>
                                ? !std::is_const_v<std::remove_reference_t<Parameter>>
                                : std::is_pointer_v<Parameter> && !std::is_const_v<std::remove_pointer_t<Parameter>>;
inline void write_changed(std::string &) {}
template <class First, class... Rest, class Argument, class... Arguments>
void write_changed(std::string &out, const Argument &argument, const Arguments &...rest) {
    if constexpr (can_change<First>) {
        out += ", \"instead\": ";
        Json<Argument>::write(out, argument);
    } else if constexpr (sizeof...(Rest) > 0) {
        write_changed<Rest...>(out, rest...);
    }
}
// No node at all is an empty list to some tasks, and null to others.
template <class T, class = void> constexpr bool is_node = false;
template <class T> constexpr bool is_node<T *, std::void_t<Value<T>>> = true;

// The text that follows `"value": `.
template <class Result, class... Parameters, class Call> std::string answer(Reader &reader, Call call) {
    bool first = true;
    reader.expect('[', "malformed arguments");
    auto item = [&](auto *type) {
        if (!reader.next(first, ']')) fail("fewer arguments than parameters");
        return Json<std::remove_pointer_t<decltype(type)>>::read(reader);
    };
    (void)item;
    std::tuple<std::decay_t<Parameters>...> arguments{item((std::decay_t<Parameters> *)nullptr)...};
    reader.expect(']', "more arguments than parameters");
    auto with = [&](auto &...values) -> Result { return call(static_cast<Parameters &&>(values)...); };
    std::string out;
    if constexpr (std::is_void_v<Result>) {
        std::apply(with, arguments);
        out = "null";
        if constexpr (sizeof...(Parameters) > 0)
            std::apply([&](auto &...values) { write_changed<Parameters...>(out, values...); }, arguments);
    } else {
        const std::decay_t<Result> &value = std::apply(with, arguments);
        if constexpr (is_node<std::decay_t<Result>>) {
            if (!value) return "null, \"instead\": []";
        }
        Json<std::decay_t<Result>>::write(out, value);
    }
    return out;
}

template <class Result, class... Parameters> std::string run(Result (*function)(Parameters...), Reader &reader) {
    return answer<Result, Parameters...>(reader, function);
}
template <class Class, class Result, class... Parameters, class Method>
std::string run_method(Method method, Reader &reader) {
    std::unique_ptr<Class> object(new Class()); // not on the stack, solutions hold large tables
    return answer<Result, Parameters...>(reader, [&](auto &&...values) -> Result {
        return (object.get()->*method)(std::forward<decltype(values)>(values)...);
    });
}
template <class Class, class Result, class... Parameters>
std::string run(Result (Class::*method)(Parameters...), Reader &reader) {
    return run_method<Class, Result, Parameters...>(method, reader);
}
template <class Class, class Result, class... Parameters>
std::string run(Result (Class::*method)(Parameters...) const, Reader &reader) {
    return run_method<Class, Result, Parameters...>(method, reader);
}

// How many arguments there are.
inline std::size_t count_arguments(Reader reader) {
    reader.expect('[', "malformed arguments");
    std::size_t commas = 0, depth = 1;
    bool any = !reader.take(']');
    for (bool quoted = false; any && depth > 0 && reader.at < reader.end; ++reader.at) {
        char c = *reader.at;
        if (quoted && c == '\\') ++reader.at;
        else if (c == '"') quoted = !quoted;
        else if (quoted) continue;
        else if (c == '[' || c == '{') ++depth;
        else if (c == ']' || c == '}') --depth;
        else if (c == ',' && depth == 1) ++commas;
    }
    return any ? commas + 1 : 0;
}

template <class Signature> struct Overload;
template <class... Parameters> struct Overload<void(Parameters...)> {
    static constexpr std::size_t count = sizeof...(Parameters);
    template <class Called> static std::string run(Reader &reader) {
        using Result = decltype(Called::call(std::declval<Parameters>()...));
        return answer<Result, Parameters...>(reader, [](auto &&...values) -> Result {
            return Called::call(std::forward<decltype(values)>(values)...);
        });
    }
};
// The first of several that takes as many arguments as there are; the first of all, which says so, if none does.
template <class Called, class First, class... Others> std::string run_overload(Reader &reader) {
    std::size_t given = count_arguments(reader);
    std::string (*chosen)(Reader &) = nullptr;
    auto consider = [&](std::size_t count, std::string (*run)(Reader &)) {
        if (!chosen && count == given) chosen = run;
    };
    consider(First::count, &First::template run<Called>);
    (consider(Others::count, &Others::template run<Called>), ...);
    return chosen ? chosen(reader) : First::template run<Called>(reader);
}

template <class Answer> int serve_by(Answer answer) {
    std::string rest;
    for (;;) {
        std::size_t end;
        while ((end = rest.find('\n')) == rest.npos) {
            char chunk[1 << 16];
            ssize_t length = ::read(3, chunk, sizeof chunk);
            if (length < 0 && errno == EINTR) continue;
            if (length < 0) fail("the channel cannot be read");
            if (length == 0) {
                std::cout.flush();
                std::fflush(nullptr);
                ::_exit(0); // destructors of the program's globals do not matter after the last answer
            }
            rest.append(chunk, length);
        }
        std::size_t space = std::min(rest.find(' '), end);
        Reader reader{rest.data() + space, rest.data() + end};
        std::string line = rest.substr(0, space) + " {\"value\": " + answer(reader) + "}\n";
        rest.erase(0, end + 1);
        for (std::size_t sent = 0; sent < line.size();) {
            ssize_t length = ::write(3, line.data() + sent, line.size() - sent);
            if (length < 0 && errno == EINTR) continue;
            if (length < 0) fail("the channel cannot be written");
            sent += length;
        }
    }
}
template <auto Function> int serve() {
    return serve_by([](Reader &reader) { return run(Function, reader); });
}
template <class Called, class... Signatures> int serve_calls() {
    return serve_by([](Reader &reader) { return run_overload<Called, Overload<Signatures>...>(reader); });
}

} // namespace synthetic1_call
